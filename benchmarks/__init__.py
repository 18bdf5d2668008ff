"""What marketloom costs beside the plain way of doing the same work; see benchmarks/README.md."""
