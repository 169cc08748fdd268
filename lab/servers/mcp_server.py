"""A server of the official MCP SDK: mcp_server.py KIND PORT URL [ISSUER]

KIND  open      Streamable HTTP, for everybody
      guarded   Streamable HTTP, with tokens of ISSUER only
      sse       the first transport, HTTP with SSE, for everybody
URL   its public address; another server in front of it ends TLS
"""

import os
import sys
from urllib.parse import urlsplit

import uvicorn
from mcp.server import MCPServer
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.transport_security import TransportSecuritySettings


class OneToken:
    """Knows one token."""

    async def verify_token(self, token: str) -> AccessToken | None:
        if token != os.environ["RIGHT_KEY"]:
            return None
        return AccessToken(token=token, client_id="laboratory", scopes=["tickets"], resource=sys.argv[3])


def main() -> None:
    kind, port, url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    guard = {}
    if kind == "guarded":
        guard = {
            "token_verifier": OneToken(),
            "auth": AuthSettings(
                issuer_url=sys.argv[4],
                resource_server_url=url,
                required_scopes=["tickets"],
                validate_token_resource=True,
            ),
        }
    server = MCPServer("tickets", **guard)

    @server.tool()
    def count() -> int:
        """How many tickets there are."""
        return 0

    security = TransportSecuritySettings(allowed_hosts=[urlsplit(url).netloc])
    if kind == "sse":
        app = server.sse_app(sse_path=urlsplit(url).path, transport_security=security)
    else:
        app = server.streamable_http_app(
            streamable_http_path=urlsplit(url).path, transport_security=security
        )
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="info")


main()
