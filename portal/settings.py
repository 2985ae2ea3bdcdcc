"""Settings of the portal. Every variable has the prefix PORTAL_, except DATABASE_URL and PORT.

A wrong value fails `manage.py check` with a hint (`portal.checks`); docs/operations.md lists the variables.
"""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from portal.environment import APP_ROLE, OWNER_ROLE, Environment, first_known
from portal.private_files import read_private

BASE_DIR = Path(__file__).resolve().parent.parent

_environment = Environment()

# --- where and how it runs -------------------------------------------------------------------------------
PORTAL_DATA_DIR = Path(_environment.text("PORTAL_DATA_DIR") or BASE_DIR / ".data").absolute()
PORTAL_TRAINING = _environment.flag("PORTAL_TRAINING")  # invented patients; marked on every page
DEBUG = _environment.flag("PORTAL_DEBUG")
# plain HTTP is for one's own machine only
PORTAL_HTTPS = _environment.flag("PORTAL_HTTPS", default=not (DEBUG or PORTAL_TRAINING))
PORTAL_PROXIES = _environment.whole_number("PORTAL_PROXIES", 0, at_least=0, at_most=5)
PORT = _environment.whole_number("PORT", 8000, at_least=1, at_most=65535)

_keys = read_private(PORTAL_DATA_DIR / "keys.json")  # written by `manage.py serve` for a local run
SECRET_KEY = first_known(_environment.text("PORTAL_SECRET_KEY"), _keys.get("secret_key", ""))
SECRET_KEY_FALLBACKS = _environment.words("PORTAL_FORMER_SECRET_KEYS", [])  # still read, never written with
PORTAL_AUDIT_KEY = first_known(_environment.text("PORTAL_AUDIT_KEY"), _keys.get("audit_key", ""))
MISSING_FOR_PRODUCTION = [
    name for name in ("PORTAL_SECRET_KEY", "PORTAL_AUDIT_KEY", "DATABASE_URL") if not _environment.text(name)
]

ALLOWED_HOSTS = _environment.words("PORTAL_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = _environment.words("PORTAL_TRUSTED_ORIGINS", [])

# --- apps ------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal",
    "guidelines",
    "ordering",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",  # templates of widgets, for FORM_RENDERER
    "crispy_forms",
    "crispy_bootstrap5",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "portal.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.ControlCharacterMiddleware",
    "portal.middleware.BodySizeMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.ActorMiddleware",
    "portal.sign_in.sessions.SessionLimitMiddleware",
    "portal.sign_in.typed.SignInRequiredMiddleware",
    "portal.display_zone.DisplayZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.middleware.NoStoreMiddleware",
    "portal.middleware.DatabaseErrorMiddleware",
    "portal.sign_in.second_factor.SecondFactorMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it answers for a sign-in that any other part refused
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORMS_URLFIELD_ASSUME_HTTPS = True  # as Django 6.0 does by itself; this line goes then
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.portal",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = ["bootstrap5"]
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- database --------------------------------------------------------------------------------------------
# `default` is portal_app and may not change the schema; `owner` is portal_owner and only migrates. A server
# in production is not given the owner's URL at all.
_local = read_private(PORTAL_DATA_DIR / "database.json")  # written for the embedded database
_app_url = _environment.text("DATABASE_URL")
_owner_url = _environment.text("PORTAL_OWNER_DATABASE_URL")
if not _app_url:
    _app_url = _local.get("app_url", "")
    _owner_url = _owner_url or _local.get("owner_url", "")
_pool_size = _environment.whole_number("PORTAL_DATABASE_POOL", 12, at_least=0, at_most=200)  # 0: no pool

DATABASES = {
    "default": _environment.database(
        "DATABASE_URL",
        _app_url or f"postgresql://{APP_ROLE}@/portal?host=/nonexistent",
        role=APP_ROLE,
        options={
            "connect_timeout": 4,  # seconds; a request answers 503 rather than wait for a dead server
            "options": "-c lock_timeout=4000 -c statement_timeout=30000",  # milliseconds
            "application_name": "portal",
            # several statements in one migration or test fail with binding on the server
            "server_side_binding": False,
            **({"pool": {"min_size": 1, "max_size": _pool_size, "timeout": 4}} if _pool_size else {}),
        },
    )
}
if _owner_url:
    DATABASES["owner"] = _environment.database(
        "PORTAL_OWNER_DATABASE_URL",
        _owner_url,
        role=OWNER_ROLE,
        options={"connect_timeout": 4, "application_name": "portal owner", "server_side_binding": False},
    )

# One process serves the portal, so its memory is cache enough: parsed rulesets and rate limits. What must
# outlive a restart or hold for every process (sessions, sign-in failures) is in the database instead.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- people ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# NIST SP 800-63B: length and a blocklist, no rules of composition
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "portal.sign_in.passwords.RepetitionValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

# Sessions are rows: ending all of a person's sessions must reach every process at once.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * _environment.whole_number(  # seconds without a request
    "PORTAL_SESSION_IDLE_MINUTES", 15, at_least=5, at_most=1440
)
PORTAL_SESSION_HOURS = _environment.whole_number(  # since signing in, whatever happens
    "PORTAL_SESSION_HOURS", 12, at_least=1, at_most=24
)
SESSION_SAVE_EVERY_REQUEST = False  # `portal.sign_in.sessions` stores a session that is used
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

ACCOUNT_ADAPTER = "portal.sign_in.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "portal.sign_in.forms.SignInForm",
    "change_password": "portal.sign_in.forms.ChangePasswordForm",
    "reauthenticate": "portal.sign_in.forms.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {  # beside axes, which counts failures by person and address
    "login": "600/m/ip" if PORTAL_TRAINING else "60/m/ip",  # many people may share an address
    "login_failed": "10/15m/key",  # wrong codes of one person, from anywhere; passwords are below
    "password_failed": "100/h/key",  # wrong passwords for one person, from anywhere
}
ALLAUTH_TRUSTED_PROXY_COUNT = PORTAL_PROXIES
ACCOUNT_SESSION_REMEMBER = False
MFA_ADAPTER = "portal.sign_in.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "portal.sign_in.forms.AuthenticateForm",
    "reauthenticate": "portal.sign_in.forms.ReauthenticateCodeForm",
    "activate_totp": "portal.sign_in.forms.ActivateTOTPForm",
    "add_webauthn": "portal.sign_in.forms.AddPasskeyForm",
    "edit_webauthn": "portal.sign_in.forms.RenamePasskeyForm",
}
MFA_TOTP_ISSUER = "Imaging orders"
MFA_TOTP_TOLERANCE = 1  # steps of 30 s: telephones and servers disagree about the time
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PORTAL_HTTPS

# who must have a second factor: names of roles, or "none"
PORTAL_REQUIRE_MFA = _environment.some_of(
    "PORTAL_REQUIRE_MFA",
    ("clinician", "editor", "approver", "auditor", "administrator"),
    [] if PORTAL_TRAINING else ["editor", "approver", "administrator"],
)

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(
    minutes=_environment.whole_number("PORTAL_LOCKOUT_MINUTES", 15, at_least=1, at_most=1440)
)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "portal.sign_in.lockout.username_of"
AXES_CLIENT_IP_CALLABLE = "portal.sign_in.lockout.address_of"
AXES_LOCKOUT_CALLABLE = "portal.sign_in.lockout.locked_out"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the time that was said stays true
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # the audit trail has the sign-ins
AXES_VERBOSE = False
AXES_HTTP_RESPONSE_CODE = 429

KNOX_TOKEN_MODEL = "portal.ApiToken"  # noqa: S105 - a model, no password
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": timedelta(days=90)}

REST_FRAMEWORK: dict[str, object] = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS: dict[str, object] = {
    "TITLE": "Imaging ordering portal",
    "DESCRIPTION": (
        "Order imaging with the advice of a guideline. All times are RFC 3339 with a time zone; errors are "
        "RFC 9457 problem details that name every fault at once; every answer carries X-Request-ID."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVERS": [{"url": "/", "description": "This portal"}],
    "CONTACT": {"name": "The administrators of this portal"},
    "LICENSE": {"name": "Not named yet", "identifier": "LicenseRef-not-named-yet"},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ordering.api.document.complete",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "OrderStatus": "ordering.models.Order.Status",
        "OrderPriority": "ordering.models.Order.Priority",
        "Adherence": "ordering.models.Order.Adherence",
        "OverrideReasonCode": "ordering.models.OverrideReason",
        "Sex": "ordering.models.Patient.Sex",
        "Via": "ordering.models.Via",
        "Fit": "ordering.models.Consultation.Fit",
        "ComparedWithBaseline": "ordering.models.Finding.Compared",
        "ProgressEvent": "ordering.models.Progress.Event",
        "Rating": "guidelines.models.Rating",
        "StudyRole": "guidelines.models.Role",
        "CriterionStatus": "ordering.api.shapes.CRITERION",
        "Severity": "ordering.api.shapes.SEVERITY",
        "ProblemCode": "ordering.api.shapes.PROBLEM_CODES",
        "EventType": "portal.outbox_models.OutboxEvent.Type",
        "WebhookStatus": "ordering.api.webhook_output.STATUS",
        "DeliveryStatus": "ordering.models.WebhookDelivery.Status",
        "PatientData": "ordering.models.WebhookEndpoint.PatientData",
        "DisabledBecause": "ordering.models.WebhookEndpoint.DisabledBecause",
        "AttemptOutcome": "ordering.models.WebhookAttempt.Outcome",
    },
}

# --- jobs: a queue in the same database, worked by `manage.py worker` ---------------------------------------
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = ["portal.outbox.tasks", "ordering.webhooks.tasks"]

# --- mail: to administrators, when a webhook is switched off ------------------------------------------------
_mail = _environment.mail("PORTAL_EMAIL_URL")
PORTAL_MAIL = bool(_mail)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _mail.get("host", "localhost"), int(_mail.get("port", 25))
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.get("user", ""), _mail.get("password", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("scheme") == "smtp+tls", _mail.get("scheme") == "smtps"
EMAIL_TIMEOUT = 20  # seconds
DEFAULT_FROM_EMAIL = _environment.text("PORTAL_EMAIL_FROM", "imaging-portal@localhost")

# --- choices of the site ---------------------------------------------------------------------------------
PORTAL_API_RATE: int = _environment.whole_number(  # requests a minute and token
    "PORTAL_API_RATE", 60000 if PORTAL_TRAINING else 600, at_least=1, at_most=1000000
)
# unsigned CDS Hooks calls from this machine itself, for those who develop against a local portal
PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK = _environment.flag(
    "PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK", default=PORTAL_TRAINING
)
# webhooks to this machine itself, over plain HTTP too, for those who develop a receiver beside the portal
PORTAL_WEBHOOK_LOOPBACK = _environment.flag("PORTAL_WEBHOOK_LOOPBACK", default=PORTAL_TRAINING)
PORTAL_PAPER = _environment.choice("PORTAL_PAPER", ("a4", "letter"), "a4")  # of PDFs
PORTAL_PATIENT_CONTACT = _environment.text("PORTAL_PATIENT_CONTACT")  # whom leaflets tell patients to ask
PORTAL_WEBHOOK_KEEP_DAYS = _environment.whole_number(  # what was sent, and how it went
    "PORTAL_WEBHOOK_KEEP_DAYS", 30, at_least=7, at_most=3650
)
PORTAL_IDENTITY_CHECK = _environment.choice(  # how a signer confirms the patient
    "PORTAL_IDENTITY_CHECK", ("off", "button", "year-of-birth"), "year-of-birth"
)
PORTAL_MAY_BE_ADHERENCE = _environment.choice(  # what an order counts as whose study "may be appropriate"
    "PORTAL_MAY_BE_ADHERENCE", ("adheres", "does_not_adhere", "not_applicable"), "not_applicable"
)
# natural background a year, to compare a dose with; it differs by country, so there is no default
PORTAL_BACKGROUND_MSV_PER_YEAR = _environment.number("PORTAL_BACKGROUND_MSV_PER_YEAR", above=0, at_most=100)

# --- the browser -----------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.sign_in.typed.csrf_failure"
SESSION_COOKIE_SECURE = PORTAL_HTTPS
CSRF_COOKIE_SECURE = PORTAL_HTTPS
SECURE_SSL_REDIRECT = PORTAL_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by the platform, inside
SECURE_HSTS_SECONDS = 31536000 if PORTAL_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PORTAL_HTTPS
SECURE_HSTS_PRELOAD = PORTAL_HTTPS
if PORTAL_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes; REST answers 413 above it
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- files -----------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = PORTAL_DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# `make run` serves the sources as they are; production compresses and names them by content in collectstatic
_plain_files = DEBUG or PORTAL_TRAINING
WHITENOISE_USE_FINDERS = _plain_files
WHITENOISE_AUTOREFRESH = _plain_files
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if _plain_files
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- language and time -----------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
USE_I18N = True
FORMAT_MODULE_PATH = ["portal.formats"]  # a month is a word: 03/04 is two different days
USE_TZ = True
TIME_ZONE = _environment.time_zone("PORTAL_TIME_ZONE", "Europe/London")

# --- logs: no patient data, no query strings, no values of a failing row (`portal.logs`) -----------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"quiet": {"()": "portal.logs.QuietFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "quiet"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "portal": {"level": "INFO"},
        "axes": {"level": "ERROR"},  # its messages name the person; the audit trail records the failure
    },
}

SETTING_FAULTS = _environment.faults
