"""What the groups may do."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group

from portal.models import User
from portal.roles import PERMISSIONS, Role, give_roles, has_role, roles_of, sync_roles

PATIENT_ROLES = {Role.CLINICIAN, Role.AUDITOR}


@pytest.mark.django_db
def test_every_role_has_a_group_with_permissions() -> None:
    groups = {group.name: group.permissions.count() for group in Group.objects.all()}

    assert set(groups) == {role.value for role in Role}
    assert all(groups.values())


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_only_clinicians_and_auditors_may_see_patients(role: Role) -> None:
    names = Group.objects.get(name=role.value).permissions.values_list("content_type__model", flat=True)

    assert bool({"patient", "consultation", "order", "finding"} & set(names)) == (role in PATIENT_ROLES)


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_nobody_may_delete_an_order_or_change_a_group(role: Role) -> None:
    names = Group.objects.get(name=role.value).permissions.values_list("codename", flat=True)

    assert "delete_order" not in names
    assert not {name for name in names if name.endswith(("_group", "_permission"))}


@pytest.mark.django_db
@pytest.mark.usefixtures("acting_system")
def test_sync_takes_back_what_the_table_does_not_give() -> None:
    clinicians = Group.objects.get(name=Role.CLINICIAN)
    approvers = Group.objects.get(name=Role.APPROVER)
    before = set(clinicians.permissions.values_list("pk", flat=True))
    clinicians.permissions.add(*approvers.permissions.all())
    clinicians.permissions.remove(before.copy().pop())

    sync_roles()

    assert set(clinicians.permissions.values_list("pk", flat=True)) == before


@pytest.mark.django_db
def test_a_second_sync_writes_nothing(django_assert_num_queries) -> None:
    sync_roles()

    with django_assert_num_queries(2 + 3 * len(PERMISSIONS)):  # begin and end; group, wanted and held of each
        sync_roles()


def test_roles_are_asked_once_for_each_person(clinician: User, django_assert_num_queries) -> None:
    person = User.objects.get(pk=clinician.pk)

    with django_assert_num_queries(1):
        assert roles_of(person) == {Role.CLINICIAN}
        assert has_role(person, Role.CLINICIAN)
        assert not has_role(person, Role.EDITOR, Role.AUDITOR)


def test_a_disabled_person_and_a_stranger_hold_no_role(clinician: User) -> None:
    clinician.is_active = False

    assert not has_role(clinician, Role.CLINICIAN)
    assert not has_role(AnonymousUser(), *Role)


@pytest.mark.usefixtures("acting_system")
def test_roles_of_the_desk_open_the_admin_and_clinicians_stay_out(clinician: User, editor: User) -> None:
    assert not clinician.is_staff
    assert editor.is_staff

    give_roles(user=editor, roles=[Role.CLINICIAN])

    assert not editor.is_staff
    assert has_role(editor, Role.CLINICIAN)
