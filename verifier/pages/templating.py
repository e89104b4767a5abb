"""The templates of all pages, loaded once, and the answer that is made of one."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from ecert.explaining import Language
from verifier.pages.assets import assets


def rendered(name: str, language: Language, *, status: HTTPStatus = HTTPStatus.OK, **values: object) -> HTMLResponse:
    """Answer with a template in a language: `values`, and the icon and style sheet that every page has."""
    html = (
        _templates()
        .get_template(name)
        .render(language=language, icon=assets()["icon.svg"].address, style=assets()["check.css"].address, **values)
    )
    headers = {"content-language": "zh-CN" if language is Language.ZH else "en", "vary": "accept-language"}
    return HTMLResponse(html, status_code=status, headers=headers)


@cache
def _templates() -> Environment:
    """Give the environment: everything that is put into a page is escaped, and a name that is missing is an error."""
    return Environment(
        loader=PackageLoader("verifier.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
