"""What pgAdmin reads beside its own defaults: where its files are, and what is turned off."""

DATA_DIR = "/var/lib/pgadmin"
SQLITE_PATH = f"{DATA_DIR}/pgadmin4.db"
SESSION_DB_PATH = f"{DATA_DIR}/sessions"
STORAGE_DIR = f"{DATA_DIR}/storage"
AZURE_CREDENTIAL_CACHE_DIR = f"{DATA_DIR}/azure"
KERBEROS_CCACHE_DIR = f"{DATA_DIR}/kerberos"
LOG_FILE = "/dev/null"
# It asks nobody outside for anything, and keeps no password of the database.
UPGRADE_CHECK_ENABLED = False
LLM_ENABLED = False
ALLOW_SAVE_PASSWORD = False
MASTER_PASSWORD_REQUIRED = False
