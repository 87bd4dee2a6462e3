"""The documentation pages: nothing from elsewhere, nothing that runs as script, right behind a proxy."""

import re

import pytest

from routebook import Routebook
from routebook.openapi.docs import (
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
)
from routebook.testclient import TestClient

EVIL = "</script><script>alert('x')</script><!--"


def _text(response: object) -> str:
    body: bytes = response.body  # type: ignore[attr-defined]
    return body.decode()


def _loaded(page: str) -> list[str]:
    """The URLs that a browser loads with the page."""
    return re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"]*)"', page)


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
@pytest.mark.parametrize("root_path", ["", "/user/me/proxy/8000"])
def test_application_pages_load_the_packages_own_files(page: str, root_path: str) -> None:
    """The documentation works without a network and under a proxy's prefix."""
    client = TestClient(Routebook(), root_path=root_path)
    text = client.get(page).text
    urls = _loaded(text)
    assert urls
    for url in urls:
        assert url.startswith(f"{root_path}/docs/assets/")
        answer = client.get(url.removeprefix(root_path))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert f"{root_path}/openapi.json" in text


def test_pages_elsewhere_have_their_assets_beside_them() -> None:
    """An application may move or drop either page."""
    client = TestClient(Routebook(docs_url=None, redoc_url="/reference"))
    assert all(url.startswith("/reference/assets/") for url in _loaded(client.get("/reference").text))
    assert TestClient(Routebook(docs_url=None, redoc_url=None)).get("/docs/assets/x").status_code == 404


@pytest.mark.parametrize("path", ["LICENSE", "../utils.py", "%2e%2e/utils.py", "redoc@2.5.4/../../docs.py", ""])
def test_only_the_pages_files_are_served(path: str) -> None:
    """Not even other files of the package."""
    assert TestClient(Routebook()).get(f"/docs/assets/{path}").status_code == 404


def test_urls_of_the_caller_are_used() -> None:
    """A CDN, if the user says so; the functions' own defaults are FastAPI's."""
    text = _text(get_swagger_ui_html(openapi_url="/o", title="T", swagger_js_url="https://cdn.example/a.js"))
    assert "https://cdn.example/a.js" in _loaded(text)
    assert any(url.startswith("https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/") for url in _loaded(text))
    assert any("redoc@2" in url for url in _loaded(_text(get_redoc_html(openapi_url="/o", title="T"))))


def test_values_cannot_leave_their_place() -> None:
    """Titles, URLs and configuration come from users; none of them may become markup or script."""
    pages = [
        get_swagger_ui_html(
            openapi_url=EVIL,
            title=EVIL,
            swagger_js_url=f'"{EVIL}',
            swagger_css_url=f'"{EVIL}',
            swagger_favicon_url=f'"{EVIL}',
            oauth2_redirect_url=f"{EVIL}' + alert(1) + '",
            init_oauth={EVIL: EVIL},
            swagger_ui_parameters={EVIL: EVIL},
        ),
        get_redoc_html(openapi_url=f'"{EVIL}', title=EVIL, redoc_js_url=f'"{EVIL}', redoc_favicon_url=f'"{EVIL}'),
    ]
    for page in map(_text, pages):
        assert EVIL not in page
        assert "<!--" not in page
        assert "alert('x')</script>" not in page
        assert "' + alert(1) + '" not in page


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
def test_page_runs_only_its_own_scripts(path: str) -> None:
    """What a document brings has no nonce: event handlers, `javascript:` links, script elements; a guess meets none."""
    client = TestClient(Routebook())
    nonces = set()
    for _ in range(2):
        response = client.get(path)
        policy = response.headers["content-security-policy"]
        (nonce,) = re.findall(r"script-src 'nonce-([^']+)'", policy)
        nonces.add(nonce)
        scripts = re.findall(r"<script[^>]*>", response.text)
        assert scripts
        assert all(f'nonce="{nonce}"' in script for script in scripts)
        assert "unsafe" not in policy
    assert len(nonces) == 2


def test_redoc_sanitises_where_no_policy_comes_with_the_page() -> None:
    """The page's body may be sent by other code. The attribute without a value would read as false."""
    assert 'sanitize="true"' in _text(get_redoc_html(openapi_url="/o", title="T"))


def test_configuration_is_laid_over_the_default() -> None:
    """What the user does not set stays as it is."""
    text = _text(get_swagger_ui_html(openapi_url="/o", title="T", swagger_ui_parameters={"deepLinking": False}))
    assert '"deepLinking": false' in text
    assert '"dom_id": "#swagger-ui"' in text
    assert "url: '/o'" in text


def test_redirect_page_hands_the_answer_to_its_opener() -> None:
    """Swagger UI waits for it there (its own convention)."""
    assert "window.opener.swaggerUIRedirectOauth2" in _text(get_swagger_ui_oauth2_redirect_html())


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("openapi", "/openapi.json"),
        ("swagger_ui_html", "/docs"),
        ("swagger_ui_redirect", "/docs/oauth2-redirect"),
        ("redoc_html", "/redoc"),
    ],
)
def test_the_pages_have_the_names_that_fastapi_gives_them(name: str, path: str) -> None:
    """Applications lead to them by name: `request.url_for("swagger_ui_html")`."""
    assert Routebook().url_path_for(name) == path
