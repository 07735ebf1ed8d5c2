"""Error responses: an HTTP status, one of Discord's error codes, and a message."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An error response from the REST API."""

    def __init__(self, status: int, code: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message, "code": code, **({"errors": errors} if errors else {})}


class NotPossible(Exception):
    """Discord's client doesn't allow what a person tried; the text is what they would see there."""


def invalid(path: str, code: str, message: str) -> ApiError:
    """50035 with the error at `path`, such as "embeds.0.title"."""
    tree: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(path.split(".")):
        tree = {part: tree}
    return ApiError(400, 50035, f"Invalid Form Body\nIn {path}: {message}", tree)


def unknown_channel() -> ApiError:
    return ApiError(404, 10003, "Unknown Channel")


def unknown_message() -> ApiError:
    return ApiError(404, 10008, "Unknown Message")


def unknown_emoji(status: int) -> ApiError:
    """404 when removing a reaction that isn't there, 400 when adding what isn't an emoji."""
    return ApiError(status, 10014, "Unknown Emoji")


def unknown_webhook() -> ApiError:
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    return ApiError(404, 10062, "Unknown interaction")


def invalid_webhook_token() -> ApiError:
    return ApiError(401, 50027, "Invalid Webhook Token")


def already_acknowledged() -> ApiError:
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def empty_message() -> ApiError:
    return ApiError(400, 50006, "Cannot send an empty message")


def missing_access() -> ApiError:
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    return ApiError(403, 50013, "Missing Permissions")


def thread_archived() -> ApiError:
    return ApiError(400, 50083, "Thread is archived")


def thread_locked() -> ApiError:
    return ApiError(403, 160005, "This thread is locked")


def no_history_for_reply() -> ApiError:
    return ApiError(403, 160002, "Cannot reply without permission to read message history")


def too_large() -> ApiError:
    return ApiError(413, 40005, "Request entity too large")
