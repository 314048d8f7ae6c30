"""The page of localserve that says what runs where."""

import html
from collections.abc import Sequence
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>roost localserve</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; }}
body {{ padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; }}
h2 {{ font-size: 1.1rem; margin-top: 2rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8884; }}
code, pre {{ font: 14px/1.5 ui-monospace, monospace; }}
pre {{ background: #8882; padding: .75rem 1rem; overflow-x: auto; border-radius: .4rem; }}
</style>
</head>
<body>
<h1>roost is running</h1>
<p>Mail to any address at any domain lands in the account below.
Nothing ever leaves this machine.</p>
<table>
<tr><th scope="col">Service</th><th scope="col">Address</th><th scope="col">What for</th></tr>
{rows}
</table>
<h2>Sign in</h2>
<p>Account <code>{account}</code>, password <code>{password}</code></p>
<h2>Try it</h2>
<pre>{commands}</pre>
<p>The certificate is one that roost made itself; clients have to be told to trust it.
The data is kept in <code>{folder}</code>.</p>
</body>
</html>
"""


class Service(NamedTuple):
    """One line of the page."""

    name: str
    address: str
    what: str


def local_page(
    services: Sequence[Service], account: str, password: str, commands: Sequence[str], folder: str
) -> Starlette:
    """The ASGI application that shows the page at /."""
    rows = "\n".join(
        f"<tr><td>{html.escape(one.name)}</td><td><code>{html.escape(one.address)}</code></td>"
        f"<td>{html.escape(one.what)}</td></tr>"
        for one in services
    )
    page = PAGE.format(
        rows=rows,
        account=html.escape(account),
        password=html.escape(password),
        commands=html.escape("\n".join(commands)),
        folder=html.escape(folder),
    )

    async def show(request: Request) -> HTMLResponse:
        del request
        return HTMLResponse(page, headers=HEADERS)

    return Starlette(routes=[Route("/", show)])
