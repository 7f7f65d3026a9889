"""Reads the stack's configuration: Pulumi's own store in, checked settings and secrets out."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from infra.config.catalog import CATALOG
from infra.config.config_keys import KEYS, SECRET_KEYS, SETTINGS_KEY
from infra.config.reader import SettingError
from infra.config.settings import Settings, parse

ROOT = Path(__file__).parents[2]
_OUTPUT_NAMES = {
    "alphaVantageKey": "alpha_vantage_key",
    "backupAccessKeyId": "backup_access_key_id",
    "backupKey": "backup_key",
}


def read_settings(config: pulumi.Config) -> Settings:
    """Return the checked settings. Raises SettingError."""
    plain = {name: config.get(name) for name in KEYS if name not in SECRET_KEYS}
    given = {name: value for name, value in plain.items() if value is not None}
    return parse(
        given,
        [name for name in SECRET_KEYS if config.get(name)],
        _containers(config),
        certificates(given.get("buildCaFile", "")),
    )


def _containers(config: pulumi.Config) -> Mapping[str, Any]:
    try:
        found = config.get_object(SETTINGS_KEY)
    except pulumi.ConfigTypeError:
        found = ""
    if pulumi.runtime.is_config_secret(config.full_key(SETTINGS_KEY)):
        raise SettingError(f"{SETTINGS_KEY} holds no secrets; set it without --secret")
    if not isinstance(found, dict | None):
        raise SettingError(
            f"{SETTINGS_KEY} is a map; pulumi config rm {SETTINGS_KEY}, "
            f"then: pulumi config set --path {SETTINGS_KEY}.SYMBOLS AAPL,NVDA"
        )
    return found or {}


def certificates(file: str) -> str:
    """Return what the file holds; a relative path begins in the checkout. Raises SettingError."""
    if not file:
        return ""
    path = ROOT / Path(file).expanduser()
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"buildCaFile: {path} cannot be read: {type(error).__name__}") from None
    if "PRIVATE KEY" in text or "-----BEGIN CERTIFICATE-----" not in text:
        raise SettingError(f"buildCaFile: {path} must hold certificates (PEM) and no private key")
    return text


def require_sdk(cloud: str) -> None:
    """Raise SettingError where another cloud's SDK is installed than the stack's."""
    sdk = CATALOG[cloud].sdk
    if sdk is not None and importlib.util.find_spec(sdk) is None:
        raise SettingError(
            f"cloud is {cloud}, whose SDK is not installed here; run: scripts/setup --cloud {cloud}"
        )


def read_secrets(config: pulumi.Config) -> Mapping[str, pulumi.Output[str]]:
    """Return the given secrets by the names of the outputs, empty ones too. Raises SettingError."""
    for name in SECRET_KEYS:
        if config.get(name) and not pulumi.runtime.is_config_secret(config.full_key(name)):
            raise SettingError(
                f"{name} lies open in the stack's file; hide it: pulumi config set --secret {name}"
            )
    return {
        output: pulumi.Output.secret(config.get(name) or "")
        for name, output in _OUTPUT_NAMES.items()
    }
