"""What the setting BACKUP_REPOSITORY becomes for pgBackRest, and what is refused."""

from __future__ import annotations

import configparser

import pytest

from services.secrets.backup_repository import RepositoryError, configuration, files

GIVEN = {
    "backup_access_key_id": "the-id\n",
    "backup_secret_access_key": "the-secret\n",
    "backup_ssh_key": "-----BEGIN-----\n",
    "backup_known_hosts": "[vault]:2222 ssh-ed25519 AAAA\n",
    "backup_gcs_key.json": "{}",
    "backup_azure_key": "the-azure-key",
}
COMMON = {
    "repo1-cipher-type": "aes-256-cbc",
    "repo1-cipher-pass": "phrase",
    "repo1-bundle": "y",
    "repo1-block": "y",
    "repo1-retention-full-type": "time",
    "repo1-retention-full": "14",
    "compress-type": "zst",
    "compress-level": "3",
    "process-max": "2",
    "start-fast": "y",
    "log-level-file": "off",
    "log-level-console": "off",
    "log-level-stderr": "warn",
}


def parsed(setting: str, given: dict[str, str]) -> dict[str, dict[str, str]]:
    reader = configparser.ConfigParser(interpolation=None)
    reader.read_string(configuration(setting, "phrase", given.get, "/run/keys"))
    return {name: dict(reader[name]) for name in reader.sections()}


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("/backups/", {"repo1-type": "posix", "repo1-path": "/backups"}),
        (
            "sftp://ann@vault:2222/tapeline",
            {
                "repo1-type": "sftp",
                "repo1-path": "/tapeline",
                "repo1-sftp-host": "vault",
                "repo1-sftp-host-port": "2222",
                "repo1-sftp-host-user": "ann",
                "repo1-sftp-private-key-file": "/run/keys/backup_ssh_key",
                "repo1-sftp-host-key-check-type": "strict",
                "repo1-sftp-host-key-hash-type": "sha256",
                "repo1-sftp-known-host": "/run/keys/backup_known_hosts",
            },
        ),
        (
            "s3://shelf/tapeline?region=eu-west-1",
            {
                "repo1-type": "s3",
                "repo1-path": "/tapeline",
                "repo1-s3-bucket": "shelf",
                "repo1-s3-region": "eu-west-1",
                "repo1-s3-endpoint": "s3.eu-west-1.amazonaws.com",
                "repo1-s3-uri-style": "host",
                "repo1-s3-key": "the-id",
                "repo1-s3-key-secret": "the-secret",
            },
        ),
        (
            "s3://shelf?region=x&endpoint=s3.example.com&style=path",
            {
                "repo1-type": "s3",
                "repo1-path": "/",
                "repo1-s3-bucket": "shelf",
                "repo1-s3-region": "x",
                "repo1-s3-endpoint": "s3.example.com",
                "repo1-s3-uri-style": "path",
                "repo1-s3-key": "the-id",
                "repo1-s3-key-secret": "the-secret",
            },
        ),
        (
            "gcs://shelf/tapeline",
            {
                "repo1-type": "gcs",
                "repo1-path": "/tapeline",
                "repo1-gcs-bucket": "shelf",
                "repo1-gcs-key": "/run/keys/backup_gcs_key.json",
            },
        ),
        (
            "azure://account/box/tapeline",
            {
                "repo1-type": "azure",
                "repo1-path": "/tapeline",
                "repo1-azure-account": "account",
                "repo1-azure-container": "box",
                "repo1-azure-key": "the-azure-key",
            },
        ),
    ],
)
def test_each_kind_of_repository(setting: str, wanted: dict[str, str]) -> None:
    assert parsed(setting, GIVEN) == {
        "market": {},
        "global": COMMON | wanted,
        "global:archive-push": {
            "archive-async": "y",
            "archive-push-queue-max": "1GiB",
            "archive-timeout": "20",
            "io-timeout": "15",
        },
    }


def test_a_given_authority_is_believed() -> None:
    found = parsed("gcs://shelf/tapeline", {**GIVEN, "backup_ca.crt": "-----BEGIN-----\n"})
    assert found["global"]["repo1-storage-ca-file"] == "/run/keys/backup_ca.crt"
    assert files("gcs://shelf/tapeline") == ("backup_gcs_key.json", "backup_ca.crt")
    assert files("sftp://ann@vault/x") == ("backup_ssh_key", "backup_known_hosts")
    assert files("/backups") == ()


@pytest.mark.parametrize(
    ("setting", "refusal"),
    [
        ("backups", "BACKUP_REPOSITORY is /a/path"),
        ("/back ups", "a blank"),
        ("/a/../etc", "no \\.\\."),
        ("/a\nrepo1-path=/b", "a blank"),
        ("ftp://host/x", "BACKUP_REPOSITORY is /a/path"),
        ("sftp://host/x", "needs a user"),
        ("sftp://ann:word@host/x", "holds no key or password"),
        ("sftp://ann@host:99999/x", "Port out of range"),
        ("sftp://ann@host/x?y=1", "only s3://"),
        ("s3://id@shelf/x?region=x", "holds no key or password"),
        ("s3://shelf/x", "takes region="),
        ("s3://shelf/x?region=x&key=y", "takes region="),
        ("s3://shelf:9000/x?region=x", "only sftp:// takes a port"),
        ("azure://account", "needs a container"),
    ],
)
def test_what_is_no_repository_is_refused(setting: str, refusal: str) -> None:
    with pytest.raises(RepositoryError, match=refusal):
        configuration(setting, "phrase", GIVEN.get, "/run/keys")


@pytest.mark.parametrize(
    ("setting", "name", "text"),
    [
        ("s3://shelf/x?region=x", "backup_secret_access_key", None),
        ("s3://shelf/x?region=x", "backup_access_key_id", "one\nrepo1-path=/two"),
        ("azure://account/box", "backup_azure_key", "\n"),
        ("sftp://ann@vault/x", "backup_known_hosts", None),
        ("gcs://shelf/x", "backup_gcs_key.json", ""),
    ],
)
def test_a_key_that_is_missing_or_no_key_is_named(
    setting: str, name: str, text: str | None
) -> None:
    given = {**GIVEN, name: text}
    with pytest.raises(RepositoryError, match=name):
        configuration(setting, "phrase", given.get, "/run/keys")
