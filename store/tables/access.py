"""Who may ask: organisations with offices, systems (OAuth clients), people (accounts) and their sessions.

Trust: secrets, passwords and session tokens stand here as hashes only. Whoever can write here can let anybody in.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from store.tables.metadata import METADATA, Bytes, Identity

caller_names = Table(
    "caller_names",
    METADATA,
    # Clients and accounts share their names, so that what is kept by a caller's name is one caller's.
    Column("name", String(64), primary_key=True),
)

organisations = Table(
    "organisations",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    # The agency that the organisation issues as; None where it only relies.
    Column("agency", String(32)),
)

offices = Table(
    "offices",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("organisation_id", ForeignKey("organisations.id"), nullable=False),
    Column("code", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Index(None, "organisation_id", "code", unique=True),
)

clients = Table(
    "clients",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("name", ForeignKey("caller_names.name"), nullable=False, unique=True),
    Column("organisation_id", ForeignKey("organisations.id"), nullable=False),
    Column("office_id", ForeignKey("offices.id")),
    Column("scopes", Text, nullable=False),
    # What a call need not say: JSON of matter, ground and the like.
    Column("defaults", Text, nullable=False),
    Column("per_minute", Integer),
    Column("per_day", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)

client_secrets = Table(
    "client_secrets",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("client_id", ForeignKey("clients.id"), nullable=False, index=True),
    Column("hash", Bytes, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
)

accounts = Table(
    "accounts",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("name", ForeignKey("caller_names.name"), nullable=False, unique=True),
    Column("organisation_id", ForeignKey("organisations.id"), nullable=False),
    Column("office_id", ForeignKey("offices.id")),
    Column("roles", Text, nullable=False),
    Column("defaults", Text, nullable=False),
    # argon2; None: only by OpenID Connect, as `subject`.
    Column("password", Text),
    # 1: whoever logs in with this password must choose another one.
    Column("one_time", Integer, nullable=False),
    Column("subject", Text, unique=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("token", Bytes, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

usage = Table(
    "usage",
    METADATA,
    Column("client", String(64), primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(40), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

idempotency = Table(
    "idempotency",
    METADATA,
    Column("client", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request", Bytes, nullable=False),
    # Goes up whenever somebody else takes the key over: who slept meanwhile cannot finish.
    Column("attempt", Integer, nullable=False),
    Column("status", Integer),
    Column("answer", Text),
    Column("created_at", BigInteger, nullable=False),
)
