"""Times other tools on the hosts of the speed run, from where the program under test ran: python3 peers.py ROOT RUNS NAME…

Prints a line of JSON for each: its name, and the milliseconds of each run. All of them look every name up, connect,
do TLS and read one answer for each host, all hosts at once.
"""

import asyncio
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT, RUNS, NAMES = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
EXPORTER = "127.0.0.1:9115"


def curl():
    """One process that is told of all hosts."""
    command = ["curl", "-s", "--parallel", "--parallel-immediate", "--parallel-max", str(len(NAMES)), "--cacert", ROOT]
    for name in NAMES:
        command += ["-o", "/dev/null", f"https://{name}/"]
    begun = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - begun


async def ask(host, port, context, path, name):
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    status = (await reader.readline()).split()[1]
    text = await reader.read()
    writer.close()
    if status != b"200":
        raise SystemExit(f"{name}: {status.decode()}")
    return text


async def all_at_once():
    context = ssl.create_default_context(cafile=ROOT)
    await asyncio.gather(*(ask(name, 443, context, "/", name) for name in NAMES))


def python():
    """An asyncio script as one writes it in ten lines, its start not counted."""
    begun = time.monotonic()
    asyncio.run(all_at_once())
    return time.monotonic() - begun


async def probes():
    host, port = EXPORTER.split(":")
    paths = (f"/probe?module=https&target={urllib.parse.quote(f'https://{name}/')}" for name in NAMES)
    for text in await asyncio.gather(*(ask(host, int(port), None, path, EXPORTER) for path in paths)):
        if b"probe_success 1" not in text:
            raise SystemExit("blackbox_exporter: a host failed")


def blackbox():
    """An exporter that runs already, asked for all hosts."""
    begun = time.monotonic()
    asyncio.run(probes())
    return time.monotonic() - begun


def exporter(folder):
    config = os.path.join(folder, "blackbox.yml")
    with open(config, "w", encoding="utf-8") as file:
        json.dump({"modules": {"https": {"prober": "http", "timeout": "4s", "http": {"tls_config": {"ca_file": ROOT}}}}}, file)
    command = ["prometheus-blackbox-exporter", f"--config.file={config}", f"--web.listen-address={EXPORTER}"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            asyncio.run(ask(*EXPORTER.split(":"), None, "/-/healthy", EXPORTER))
            return server
        except OSError:
            time.sleep(0.05)
    raise SystemExit("blackbox_exporter does not answer")


with tempfile.TemporaryDirectory() as folder:
    server = exporter(folder)
    try:
        for peer, name in [(curl, "curl --parallel"), (python, "asyncio"), (blackbox, "blackbox_exporter")]:
            print(json.dumps([name, [round(peer() * 1000, 1) for _ in range(RUNS)]]), flush=True)
    finally:
        server.kill()
