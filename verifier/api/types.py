"""`GET /v1/types`: the certificate types that are known here, as data, so that a form need not be written by hand."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ecert.certificate import Value
from ecert.types import COMMON_FIELDS, CertificateType, TypeCatalogue, Words
from ecert.types import Field as TypeField
from verifier.api import caching
from verifier.api.bodies import JSON
from verifier.api.documented import problem_answers
from verifier.problems import Code, RequestRefused

KEEP = "public, max-age=300"


class NamedType(BaseModel):
    """A type by its names."""

    slug: str = Field(examples=["real-estate-title"])
    vct: str
    code: str | None = Field(description="GB/T 36904 type code; null where it is not known.")
    en: str
    zh: str


class TypesAnswer(BaseModel):
    """All types."""

    types: list[NamedType]


class FieldAnswer(BaseModel):
    """One field of a type's face."""

    name: str
    kind: str
    required: bool
    en: str
    zh: str
    form: str | None
    of: str | None
    essential: bool = Field(description="Without it the certificate must not be relied on.")


class TypeAnswer(NamedType):
    """A type with its fields, the common ones last. `number`: the field that people ask for the certificate by."""

    holder: dict[str, str]
    issued_by: dict[str, str]
    validity: dict[str, str]
    number: str
    says_nothing_about: dict[str, str] | None
    fields: list[FieldAnswer]


def type_routes(types: TypeCatalogue) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/types", tags=["published"])
    problems = problem_answers(Code.INTERNAL)

    @router.get(
        "", summary="The certificate types", response_model=TypesAnswer, responses={**caching.NOT_MODIFIED, **problems}
    )
    async def every(request: Request) -> Response:
        """Give the names of every type."""
        return _kept(request, {"types": [_names(each) for each in types]})

    @router.get(
        "/{slug}",
        summary="A certificate type",
        response_model=TypeAnswer,
        responses={**caching.NOT_MODIFIED, **problem_answers(Code.NOT_FOUND), **problems},
    )
    async def one(request: Request, slug: str) -> Response:
        """Give a type with its fields."""
        found = types.by_slug(slug)
        if found is None:
            raise RequestRefused(Code.NOT_FOUND, "There is no such certificate type.")
        return _kept(request, type_to_json(found))

    return router


def type_to_json(certificate_type: CertificateType) -> dict[str, Value]:
    """Write a type."""
    nothing = certificate_type.says_nothing_about
    return {
        **_names(certificate_type),
        "holder": _words(certificate_type.holder),
        "issued_by": _words(certificate_type.issued_by),
        "validity": _words(certificate_type.validity),
        "number": certificate_type.number,
        "says_nothing_about": None if nothing is None else _words(nothing),
        "fields": [
            _field(each, essential=each.name in certificate_type.essential)
            for each in (*certificate_type.fields, *COMMON_FIELDS)
        ],
    }


def _names(certificate_type: CertificateType) -> dict[str, Value]:
    return {
        "slug": certificate_type.slug,
        "vct": certificate_type.vct,
        "code": certificate_type.code,
        "en": certificate_type.en,
        "zh": certificate_type.zh,
    }


def _field(field: TypeField, *, essential: bool) -> Value:
    return {
        "name": field.name,
        "kind": str(field.kind),
        "required": field.required,
        "en": field.en,
        "zh": field.zh,
        "form": None if field.form is None else str(field.form),
        "of": None if field.of is None else str(field.of),
        "essential": essential,
    }


def _words(words: Words) -> Value:
    return {"en": words.en, "zh": words.zh}


def _kept(request: Request, said: dict[str, Value]) -> Response:
    content = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return caching.kept(request, content, media_type=JSON, keep=KEEP)
