"""Asks a server until it answers with the status wanted: ask.py SECONDS STATUS URL [BODY]

KEY in the environment is sent as a bearer token, NAME as the name of the host. Fails after SECONDS.
"""

import os
import sys
import time
import urllib.error
import urllib.request


def main() -> int:
    seconds, wanted, url = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    body = sys.argv[4].encode() if len(sys.argv) > 4 else None
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    if os.environ.get("KEY"):
        headers["authorization"] = "Bearer " + os.environ["KEY"]
    if os.environ.get("NAME"):
        headers["host"] = os.environ["NAME"]
    until = time.monotonic() + seconds
    said = "nothing was asked"
    while time.monotonic() < until:
        try:
            request = urllib.request.Request(url, data=body, headers=headers)
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read()
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError as error:
            said = str(error)
            time.sleep(0.2)
            continue
        if status == wanted:
            return 0
        said = f"status {status}"
        time.sleep(0.5)
    print(f"{url} did not answer with {wanted}: {said}", file=sys.stderr)
    return 1


sys.exit(main())
