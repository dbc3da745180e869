"""The mailbox as a person reads it."""

from aiohttp import web

from deploy.embedded.mailbox import message
from deploy.embedded.mailbox.api import PAGE, line_of, raw_of, store_key
from deploy.embedded.mailbox.search import matcher
from deploy.embedded.pages import render

routes = web.RouteTableDef()
# A mail is what a stranger wrote: no script, no request to anywhere, and its links leave for another tab.
STRANGER = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
)


@routes.get("/")
async def mails(request: web.Request) -> web.Response:
    """The newest mails, or those searched for."""
    store = request.app[store_key]
    query = request.query.get("q", "").strip()
    start = int(request.query.get("start", "0")) if request.query.get("start", "0").isdigit() else 0
    lines = store.lines(matcher(query) if query else None)
    following = start + PAGE if start + PAGE < len(lines) else None
    return render("mails.html", lines=lines[start : start + PAGE], found=len(lines), query=query, following=following)


@routes.get("/view/{ID}.html")
async def html(request: web.Request) -> web.Response:
    """The HTML of a mail, alone, with everything but its looks forbidden."""
    line = line_of(request)
    body = message.detail(line, raw_of(request))["HTML"]
    headers = {"Content-Security-Policy": STRANGER, "X-Content-Type-Options": "nosniff"}
    return web.Response(text=f'<base target="_blank">{body}', content_type="text/html", headers=headers)


@routes.get("/view/{ID}")
async def mail(request: web.Request) -> web.Response:
    """One mail: as HTML, as text, with its attachments and headers."""
    line = line_of(request)
    raw = raw_of(request)
    request.app[store_key].mark([line["ID"]])
    detail = message.detail(line, raw)
    return render("mail.html", mail=detail, created=line["Created"], headers=message.headers(raw))
