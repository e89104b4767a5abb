"""The pages that people see; every one of them works without script."""

from verifier.pages.assets import asset_routes
from verifier.pages.check import CHECK_PATH, answer_problem, check_routes
from verifier.pages.log_in import log_in_routes
from verifier.pages.open_id import open_id_routes

__all__ = ["CHECK_PATH", "answer_problem", "asset_routes", "check_routes", "log_in_routes", "open_id_routes"]
