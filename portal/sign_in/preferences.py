"""What a person prefers: the clock, the size of the text, keyboard shortcuts."""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.display_zone import zone_names
from portal.models import User


class PreferencesForm(forms.Form):
    """The preferences of one person."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy(
            "Times on pages are shown on this clock. Ages and due dates always go by the site’s, and so do "
            "printed requests."
        ),
    )
    text_size = forms.ChoiceField(
        label=gettext_lazy("Text size"),
        required=False,
        choices=User.TextSize.choices,
        help_text=gettext_lazy("Your browser’s own zoom works as well."),
    )
    shortcuts = forms.BooleanField(
        label=gettext_lazy("Keyboard shortcuts"),
        required=False,
        help_text=gettext_lazy(
            "G then W goes to the worklist, G then O to orders, G then N to a new order, G then L to "
            "guidelines, the slash to the search of a page, the question mark to help. They are off unless "
            "you want them: a screen reader or a voice command may mean something else by a single letter."
        ),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        names = [(name, name.replace("_", " ")) for name in zone_names()]
        self.fields["time_zone"].choices = [("", _("The site’s time zone")), *names]  # type: ignore[attr-defined]


@transaction.atomic
def change_preferences(*, user: User, time_zone: str, text_size: str, shortcuts: bool) -> None:
    """Keep what a person prefers."""
    user.time_zone, user.text_size, user.shortcuts = time_zone, text_size, shortcuts
    user.save(update_fields=["time_zone", "text_size", "shortcuts"])


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and change what one prefers."""
    user = request.user
    assert isinstance(user, User)
    if request.method == "POST":
        form = PreferencesForm(request.POST)
        if form.is_valid():
            change_preferences(user=user, **form.cleaned_data)
            messages.success(request, _("Your preferences are kept."))
            return redirect("account_preferences")
    else:
        form = PreferencesForm(
            initial={name: getattr(user, name) for name in ("time_zone", "text_size", "shortcuts")}
        )
    return render(request, "account/preferences.html", {"form": form})
