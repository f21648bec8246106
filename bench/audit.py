"""Whether what is installed can be trusted, as far as that can be told here: `python -m bench.audit`.

Every requirement must be pinned to one version. Where pip-audit is installed and its service answers, known
vulnerabilities are looked up too, and fail; without a network that part is left out, and said to be.
"""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKED = ("requirements.txt", "requirements-dev.txt")
PINNED = re.compile(r"[A-Za-z0-9._-]+(?:\[[\w,.-]+\])?==[^\s;*]+(?:\s*;.*)?")
SECONDS = 60
UNREACHABLE = ("ConnectionError", "Max retries", "Timeout", "resolve", "Name or service", "ServiceError")


def find_unpinned(text: str) -> list[str]:
    """The requirements of a file that are not pinned to one version.

    >>> find_unpinned("httpx==0.28.1  # why\\nflask>=3\\n-r other.txt\\n    # via httpx")
    ['flask>=3']
    """
    lines = (line.split(" #")[0].strip() for line in text.splitlines())
    wanted = [line for line in lines if line and not line.startswith(("#", "-"))]
    return [line for line in wanted if PINNED.fullmatch(line) is None]


def look_up(file: Path) -> tuple[bool, str]:
    """Whether nothing is known against a file's packages, and what to say. True where nobody can be asked."""
    if find_spec("pip_audit") is None:
        return True, "known vulnerabilities were not looked up: pip-audit is not installed"
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "-r", str(file)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return True, "known vulnerabilities were not looked up: the service did not answer"
    if done.returncode and any(sign in done.stderr for sign in UNREACHABLE):
        return True, "known vulnerabilities were not looked up: the service cannot be reached"
    return done.returncode == 0, (done.stdout or done.stderr).strip()


def main() -> None:
    """Check both files; ends with an error for what is not pinned or known to be vulnerable."""
    is_good = True
    for name in LOCKED:
        unpinned = find_unpinned((ROOT / name).read_text())
        is_known_good, said = look_up(ROOT / name)
        print(f"{name}: {len(unpinned)} not pinned {' '.join(unpinned)}; {said}")
        is_good = is_good and not unpinned and is_known_good
    raise SystemExit(0 if is_good else 1)


if __name__ == "__main__":
    main()
