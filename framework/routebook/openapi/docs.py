"""The documentation pages: Swagger UI, ReDoc, and the page where OAuth2 sends the browser back.

Called as FastAPI's, the functions give pages that load Swagger UI and ReDoc from the usual CDN, or from wherever the
caller says. An application's own pages do not: `swagger_ui_assets` and `redoc_assets` are the arguments that make a
page load the copies in this package, which `serve_asset` sends. So the documentation works without a network, and
nobody learns who reads it.

Everything put into a page is escaped for its place: HTML, or JavaScript inside HTML.

Text from an OpenAPI document never becomes script. Both viewers sanitise Markdown, and each page is sent with a
Content-Security-Policy that runs only the script elements written here: they carry a nonce, which event handlers,
`javascript:` links and embedded documents can't have.
"""

import html
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse

from routebook.encoders import jsonable_encoder

__all__ = [
    "get_redoc_html",
    "get_swagger_ui_html",
    "get_swagger_ui_oauth2_redirect_html",
    "redoc_assets",
    "serve_asset",
    "swagger_ui_assets",
    "swagger_ui_default_parameters",
]

swagger_ui_default_parameters: dict[str, Any] = {
    "dom_id": "#swagger-ui",
    "layout": "BaseLayout",
    "deepLinking": True,
    "showExtensions": True,
    "showCommonExtensions": True,
}
"""Swagger UI's configuration where the caller says nothing else."""

_STATIC = Path(__file__).parent / "static"
_SWAGGER_UI = "swagger-ui-dist@5.35.0"  # package and version stand in the URL, so that browsers may keep the files
_REDOC = "redoc@2.5.4"
_ASSETS = {
    f"{_SWAGGER_UI}/swagger-ui-bundle.js": _STATIC / "swagger-ui" / "swagger-ui-bundle.js",
    f"{_SWAGGER_UI}/swagger-ui.css": _STATIC / "swagger-ui" / "swagger-ui.css",
    f"{_SWAGGER_UI}/favicon-32x32.png": _STATIC / "swagger-ui" / "favicon-32x32.png",
    f"{_REDOC}/redoc.standalone.js": _STATIC / "redoc" / "redoc.standalone.js",
}


class SwaggerUIAssets(TypedDict):
    """Where a page loads Swagger UI from; arguments of `get_swagger_ui_html`."""

    swagger_js_url: str
    swagger_css_url: str
    swagger_favicon_url: str


class RedocAssets(TypedDict):
    """Where a page loads ReDoc from; arguments of `get_redoc_html`."""

    redoc_js_url: str
    redoc_favicon_url: str
    with_google_fonts: bool


def swagger_ui_assets(base_url: str) -> SwaggerUIAssets:
    """The local copies of Swagger UI, for a page.

    Args:
        base_url: Where `serve_asset` is served, with the root path and without a slash at the end.
    """
    return {
        "swagger_js_url": f"{base_url}/{_SWAGGER_UI}/swagger-ui-bundle.js",
        "swagger_css_url": f"{base_url}/{_SWAGGER_UI}/swagger-ui.css",
        "swagger_favicon_url": f"{base_url}/{_SWAGGER_UI}/favicon-32x32.png",
    }


def redoc_assets(base_url: str) -> RedocAssets:
    """The local copy of ReDoc, for a page, and no fonts from elsewhere.

    Args:
        base_url: As for `swagger_ui_assets`.
    """
    return {
        "redoc_js_url": f"{base_url}/{_REDOC}/redoc.standalone.js",
        "redoc_favicon_url": f"{base_url}/{_SWAGGER_UI}/favicon-32x32.png",
        "with_google_fonts": False,
    }


async def serve_asset(request: Request) -> FileResponse:
    """Send one of the local copies: an endpoint for a route whose path ends in `{path:path}`.

    Raises:
        HTTPException: 404, there is no such file. Only known names are looked up, so no path leads out of the package.
    """
    file = _ASSETS.get(request.path_params["path"])
    if file is None:
        raise HTTPException(status_code=404)
    return FileResponse(file, headers={"Cache-Control": "public, max-age=31536000, immutable"})


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js",
    swagger_css_url: str = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui.css",
    swagger_favicon_url: str = "https://fastapi.tiangolo.com/img/favicon.png",
    oauth2_redirect_url: str | None = None,
    init_oauth: dict[str, Any] | None = None,
    swagger_ui_parameters: dict[str, Any] | None = None,
) -> HTMLResponse:
    """A page that shows an OpenAPI document in Swagger UI.

    Args:
        openapi_url: Of the document, with the root path.
        title: Of the page.
        swagger_js_url: Where the browser loads Swagger UI from; so are the next two.
        oauth2_redirect_url: Path of the page of `get_swagger_ui_oauth2_redirect_html`.
        init_oauth: Swagger UI's OAuth2 configuration.
        swagger_ui_parameters: Swagger UI's configuration, laid over `swagger_ui_default_parameters`.
    """
    parameters = swagger_ui_default_parameters | (swagger_ui_parameters or {})
    members = [f"{_script_json(name)}: {_script_json(value)}," for name, value in parameters.items()]
    if oauth2_redirect_url:
        members.append(f"oauth2RedirectUrl: window.location.origin + {_script_string(oauth2_redirect_url)},")
    lines = "\n            ".join(members)
    init = f"\n        ui.initOAuth({_script_json(init_oauth)})" if init_oauth else ""
    return _page(
        lambda nonce: (
            f"""<!DOCTYPE html>
<html lang="en">
<head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{html.escape(title)}</title>
    <link rel="stylesheet" href="{html.escape(swagger_css_url)}">
    <link rel="icon" href="{html.escape(swagger_favicon_url)}">
</head>
<body>
    <div id="swagger-ui"></div>
    <script src="{html.escape(swagger_js_url)}" nonce="{nonce}"></script>
    <script nonce="{nonce}">
        const ui = SwaggerUIBundle({{
            url: {_script_string(openapi_url)},
            {lines}
            presets: [
                SwaggerUIBundle.presets.apis,
                SwaggerUIBundle.SwaggerUIStandalonePreset
            ],
        }}){init}
    </script>
</body>
</html>
"""
        )
    )


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = "https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js",
    redoc_favicon_url: str = "https://fastapi.tiangolo.com/img/favicon.png",
    with_google_fonts: bool = True,
) -> HTMLResponse:
    """A page that shows an OpenAPI document in ReDoc.

    Args:
        openapi_url: Of the document, with the root path.
        title: Of the page.
        redoc_js_url: Where the browser loads ReDoc from; so is the next.
        with_google_fonts: Whether the page loads ReDoc's fonts from Google.
    """
    fonts = f'\n    <link rel="stylesheet" href="{html.escape(_FONTS)}">' if with_google_fonts else ""
    return _page(
        lambda nonce: (
            f"""<!DOCTYPE html>
<html lang="en">
<head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{html.escape(title)}</title>{fonts}
    <link rel="icon" href="{html.escape(redoc_favicon_url)}">
    <style>body {{ margin: 0; padding: 0 }}</style>
</head>
<body>
    <noscript>This page shows the documentation with JavaScript, which is switched off.</noscript>
    <redoc spec-url="{html.escape(openapi_url)}" sanitize="true"></redoc>
    <script nonce="{nonce}">{_WITHOUT_LOGO}</script>
    <script src="{html.escape(redoc_js_url)}" nonce="{nonce}"></script>
</body>
</html>
"""
        )
    )


def get_swagger_ui_oauth2_redirect_html() -> HTMLResponse:
    """The page to which an authorization server sends the browser back: it hands the answer to Swagger UI and closes.

    Spec: RFC 6749 §4.1.2 and §4.2.2; Swagger UI's `window.swaggerUIRedirectOauth2`.
    """
    return _page(_OAUTH2_REDIRECT.format)


def _page(build: Callable[[str], str]) -> HTMLResponse:
    """Build a page around a fresh nonce, and send it with the policy that runs nothing without it.

    'strict-dynamic' lets a viewer from elsewhere load its own parts; ReDoc searches in a worker made from a blob.
    Spec: Content Security Policy Level 3 §6.6 and §8.2.
    """
    nonce = secrets.token_urlsafe(16)
    policy = f"script-src 'nonce-{nonce}' 'strict-dynamic'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'"
    return HTMLResponse(build(nonce), headers={"Content-Security-Policy": policy})


def _script_json(value: Any) -> str:
    """JSON that may stand in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(jsonable_encoder(value))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _script_string(value: str) -> str:
    """A JavaScript string in single quotes, for a script element."""
    return "'" + _script_json(value)[1:-1].replace("'", "\\u0027").replace('\\"', '"') + "'"


_FONTS = "https://fonts.googleapis.com/css?family=Montserrat:300,400,700|Roboto:300,400,700"

# ReDoc loads its maker's logo from there, and shows none when that fails: it fails before anything is asked.
# React sets the attribute first, and the property once the image is in the page.
_WITHOUT_LOGO = """
        const isLogo = value => String(value).startsWith("https://cdn.redoc.ly/")
        const { setAttribute } = Element.prototype
        Element.prototype.setAttribute = function (name, value) {
            if (name !== "src" || !isLogo(value)) setAttribute.call(this, name, value)
        }
        const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src")
        Object.defineProperty(HTMLImageElement.prototype, "src", {
            ...source,
            set(value) {
                isLogo(value) ? this.dispatchEvent(new Event("error")) : source.set.call(this, value)
            },
        })
    """

_OAUTH2_REDIRECT = """<!DOCTYPE html>
<html lang="en">
<head>
    <meta charset="utf-8">
    <title>Swagger UI: authorization</title>
</head>
<body>
    <script nonce="{0}">
        "use strict"

        function report(request, level, message) {{
            request.errCb({{authId: request.auth.name, source: "auth", level, message}})
        }}

        function finish(request) {{
            const {{ auth, redirectUrl }} = request
            const inFragment = /(^|[#&])(code|access_token|error)=/.test(window.location.hash)
            const sent = inFragment ? window.location.hash : window.location.search
            const answer = Object.fromEntries(new URLSearchParams(sent.slice(1)))
            const isValid = answer.state === request.state
            const codeFlows = ["accessCode", "authorizationCode", "authorization_code"]
            if (!codeFlows.includes(auth.schema.get("flow")) || auth.code) {{
                request.callback({{auth, token: answer, isValid, redirectUrl}})
                return
            }}
            if (!isValid) {{
                report(request, "warning", "The authorization may be unsafe: the server did not send our state back.")
            }}
            if (answer.code) {{
                delete request.state
                auth.code = answer.code
                request.callback({{auth, redirectUrl}})
                return
            }}
            const reasons = [answer.error && `[${{answer.error}}]`, answer.error_description, answer.error_uri]
            const reason = reasons.filter(Boolean).join(" ") || "the server sent no code."
            report(request, "error", `Authorization failed: ${{reason}}`)
        }}

        finish(window.opener.swaggerUIRedirectOauth2)
        window.close()
    </script>
</body>
</html>
"""
