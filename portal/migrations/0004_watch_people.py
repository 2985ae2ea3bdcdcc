"""Record every change of organisations, people, their roles, tokens and second factors."""

from django.db import migrations

from portal.audit import watch

USERS_ORGANISATION = "user_id->portal_user.organisation_id"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0003_domain_rules"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        watch("portal_organisation", organisation="id"),
        watch("portal_user", secrets=["password"]),
        watch("portal_user_groups", organisation=USERS_ORGANISATION),
        watch("portal_user_user_permissions", organisation=USERS_ORGANISATION),
        watch("portal_apitoken", organisation=USERS_ORGANISATION, secrets=["digest", "token_key"]),
        watch("auth_group"),
        watch("auth_group_permissions"),
        watch("mfa_authenticator", organisation=USERS_ORGANISATION, secrets=["data"]),
    ]
