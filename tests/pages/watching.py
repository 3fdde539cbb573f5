"""What must not happen while a page is open: errors, broken policy, requests elsewhere, a script of somebody else."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Dialog, Page, Request

CANARY = "literalCanary"
"""A global that hostile data tries to call: `window.literalCanary('where')`."""
BEFORE_THE_PAGE = """
addEventListener("securitypolicyviolation", (event) => console.error(
  `policy violated: ${event.violatedDirective} by ${event.blockedURI} at ${event.sourceFile}`
));
"""
LOCAL = ("data:", "blob:", "about:")


@dataclass
class Watch:
    """What a page did that it must not do. `expect` takes out what a test provokes."""

    page: Page
    origin: str
    troubles: list[str] = field(default_factory=list[str])
    expected: list[str] = field(default_factory=list[str])
    ran: list[str] = field(default_factory=list[str])
    """Where a script of somebody else's has run."""

    def begin(self) -> None:
        """Watch from now on."""
        self.page.add_init_script(BEFORE_THE_PAGE)
        self.page.expose_function(CANARY, lambda where: self.ran.append(str(where)))
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.troubles.append(f"uncaught: {error.message}\n{error.stack}"))
        self.page.on("dialog", self._asked)
        self.page.on("request", self._requested)
        self.page.on("crash", lambda _: self.troubles.append("the page crashed"))

    def expect(self, pattern: str) -> None:
        """Take troubles that match the expression for granted, those of before as well."""
        self.expected.append(pattern)

    def unexpected(self) -> list[str]:
        """What a test must fail of."""
        if not self.page.is_closed():
            self.page.evaluate("0")  # what the page has called until now has come here then
        found = [one for one in self.troubles if not any(re.search(pattern, one) for pattern in self.expected)]
        return [*found, *(f"a script ran: {where}" for where in self.ran)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self.troubles.append(f"console: {message.text} ({where})")

    def _asked(self, dialog: Dialog) -> None:
        self.troubles.append(f"a dialog opened: {dialog.type} {dialog.message}")
        dialog.dismiss()

    def _requested(self, request: Request) -> None:
        address = urlsplit(request.url)
        if not request.url.startswith(LOCAL) and f"{address.scheme}://{address.netloc}" != self.origin:
            self.troubles.append(f"a request to another host: {request.method} {request.url}")
