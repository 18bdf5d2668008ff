"""`python -m sandbox`: serve the simulated market."""

import argparse
from pathlib import Path

from sandbox.server import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765, help="0 for any free one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--securities", type=int, default=120, help="10 to 12000")
    parser.add_argument("--now", help="pin the clock to this ISO instant (real time otherwise)")
    parser.add_argument("--ready-file", type=Path, help="receives the address once the server is listening")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when the parent process ends")
    options = parser.parse_args()
    try:
        serve(**vars(options))
    except (OSError, OverflowError) as error:
        parser.error(f"cannot listen on {options.host} port {options.port} ({error}): give a free one, or --port 0")
    except ValueError as error:
        parser.error(f"--now {options.now}: {error}")


if __name__ == "__main__":
    main()
