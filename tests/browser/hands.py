"""Two ways to use a page: with a pointer, and with nothing but Tab, Space, arrows and Enter."""

from typing import Protocol

from playwright.sync_api import Locator, Page

MOST_STOPS = 120  # of the longest page, with room; more means that Tab goes round in circles
FOCUSED = "element => element === document.activeElement"
SAME_GROUP = (
    "element => document.activeElement.type === 'radio' && document.activeElement.name === element.name"
    " && document.activeElement.form === element.form"
)


class Hands(Protocol):
    """What a person can do on a page. `clicks` and `keys` count what it took."""

    clicks: int
    keys: int

    def write(self, where: Locator, text: str) -> None:
        """Type into a field."""

    def choose(self, option: Locator) -> None:
        """Choose a radio button or tick a box."""

    def follow(self, control: Locator) -> None:
        """Use a link or button that leads to another page."""

    def send(self, control: Locator) -> None:
        """Send a form whose first button is this one."""


class Pointer:
    """A mouse or a finger, and a keyboard for text only."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0
        self.keys = 0

    def write(self, where: Locator, text: str) -> None:
        """Click the field and type."""
        where.click()
        self.page.keyboard.type(text)
        self.clicks += 1
        self.keys += len(text)

    def choose(self, option: Locator) -> None:
        """Click the option."""
        option.check()
        self.clicks += 1

    def follow(self, control: Locator) -> None:
        """Click and wait for the page."""
        with self.page.expect_navigation():
            control.click()
        self.clicks += 1

    def send(self, control: Locator) -> None:
        """Click the button."""
        self.follow(control)


class Keyboard:
    """No pointer at all: whatever Tab cannot reach in order does not exist."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0
        self.keys = 0

    def write(self, where: Locator, text: str) -> None:
        """Tab to the field and type."""
        self._reach(where)
        self.page.keyboard.type(text)
        self.keys += len(text)

    def choose(self, option: Locator) -> None:
        """Tab to the box or to its group of radio buttons, then Space or arrows."""
        self._reach(option, SAME_GROUP if option.get_attribute("type") == "radio" else FOCUSED)
        for _ in range(MOST_STOPS):
            if option.evaluate(FOCUSED):
                break
            self._press("ArrowDown")
        if not option.is_checked():
            self._press("Space")

    def follow(self, control: Locator) -> None:
        """Tab to the link or button, press Enter and wait for the page."""
        self._reach(control)
        with self.page.expect_navigation():
            self._press("Enter")

    def send(self, control: Locator) -> None:
        """Press Enter in a field of the form: browsers then press its first button."""
        field = control.locator("xpath=ancestor::form").locator("input:not([type=hidden])").first
        self._reach(field, SAME_GROUP if field.get_attribute("type") == "radio" else FOCUSED)
        with self.page.expect_navigation():
            self._press("Enter")

    def _reach(self, target: Locator, reached: str = FOCUSED) -> None:
        target.wait_for(state="attached")
        if self.page.evaluate("() => document.activeElement === document.body"):
            self._press("Tab")
            if self.page.evaluate("() => document.activeElement.matches('.skip')"):
                self._press("Enter")  # the first stop of a new page leads past its header
        for _ in range(MOST_STOPS):
            if target.evaluate(reached):
                return
            self._press("Tab")
        raise AssertionError(f"Tab does not reach {target}")

    def _press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.keys += 1
