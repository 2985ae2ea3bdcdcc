from django.urls import reverse

from guidelines.models import Question
from tests.browser.driving import axe_violations
from tests.browser.test_desk import *


def test_probe(open_window, portal):
    w = open_window("editor")
    page = w.open(reverse("admin:index"))
    print("OPEN", len(w.faults))
    axe_violations(page)
    print("AXE", len(w.faults))
    [print("  ", f[:250]) for f in w.faults]
    w.faults.clear()
    page.screenshot(path="/tmp/x.png", full_page=True)
    print("SHOT", len(w.faults))
    [print("  ", f[:150]) for f in w.faults]
    w.faults.clear()
    w2 = open_window("clinician")
    page = w2.open("/")
    axe_violations(page)
    page.screenshot(path="/tmp/x.png")
    print("WORKLIST", [f[:150] for f in w2.faults])
    w2.faults.clear()
    page = w.open(change_url(Question.objects.first()))
    print("ROW", len(w.faults))
    axe_violations(page)
    print("AXE", len(w.faults))
    w.faults.clear()
    page.screenshot(path="/tmp/x.png", full_page=True)
    print("SHOT", len(w.faults))
    [print("  ", f[:350]) for f in w.faults]
    w.faults.clear()
