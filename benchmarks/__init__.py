"""marketloom compared with the plain way of doing the same work; see README.md in this folder."""
