"""Organisations and people of every role, and clients that are signed in as them."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from portal.audit import acting, system
from portal.models import Organisation, User
from portal.roles import Role, give_roles

PASSWORD = "a long password for tests"

AsUser = Callable[[User], Client]


def make_organisation(slug: str, name: str) -> Organisation:
    """Return a new organisation."""
    with acting(system("tests")):
        return Organisation.objects.create(slug=slug, name=name)


def make_user(username: str, *roles: Role, organisation: Organisation | None = None, title: str = "") -> User:
    """Return a new person with these roles, who can sign in with PASSWORD."""
    with acting(system("tests")):
        user = User(
            username=username,
            first_name=username.title(),
            last_name="Example",
            title=title,
            organisation=organisation,
        )
        user.set_password(PASSWORD)
        user.save()
        give_roles(user=user, roles=roles)
        return user


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Hash passwords with little work: a slow hash is for attackers, not for tests."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    Argon2PasswordHasher.time_cost = 1
    Argon2PasswordHasher.memory_cost = 8
    Argon2PasswordHasher.parallelism = 1


@pytest.fixture
def organisation(db: None) -> Organisation:
    """Return the organisation that most people of a test belong to."""
    return make_organisation("north-clinic", "North Clinic")


@pytest.fixture
def other_organisation(db: None) -> Organisation:
    """Return a second organisation, whose people must see nothing of the first."""
    return make_organisation("south-hospital", "South Hospital")


@pytest.fixture
def clinician(organisation: Organisation) -> User:
    """Return a clinician of the organisation."""
    return make_user("clinician", Role.CLINICIAN, organisation=organisation, title="Dr")


@pytest.fixture
def colleague(organisation: Organisation) -> User:
    """Return another clinician of the same organisation."""
    return make_user("colleague", Role.CLINICIAN, organisation=organisation, title="Dr")


@pytest.fixture
def other_clinic(other_organisation: Organisation) -> User:
    """Return a clinician of the second organisation."""
    return make_user("other_clinic", Role.CLINICIAN, organisation=other_organisation, title="Dr")


@pytest.fixture
def editor(db: None) -> User:
    """Return an editor of guidelines."""
    return make_user("editor", Role.EDITOR)


@pytest.fixture
def approver(db: None) -> User:
    """Return an approver of guidelines."""
    return make_user("approver", Role.APPROVER)


@pytest.fixture
def auditor(organisation: Organisation) -> User:
    """Return an auditor of the organisation."""
    return make_user("auditor", Role.AUDITOR, organisation=organisation)


@pytest.fixture
def administrator(organisation: Organisation) -> User:
    """Return an administrator of the organisation."""
    return make_user("administrator", Role.ADMINISTRATOR, organisation=organisation)


@pytest.fixture
def acting_system() -> Iterator[None]:
    """Let the test itself be who acts, where it writes rows outside the actions."""
    with acting(system("tests")):
        yield


@pytest.fixture
def as_user(db: None) -> AsUser:
    """Return a function that gives a client signed in as a person."""

    def sign_in(user: User) -> Client:
        client = Client()
        with acting(system("tests")):
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
