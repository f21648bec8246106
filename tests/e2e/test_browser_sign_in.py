"""Every way in, in a browser: injected wallets, a virtual passkey, another service, the second step, a mailed link."""

import asyncio
import email
import json
import re
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import browser, new_page, wait_until
from tests.e2e.product import PASSWORD, Product, running_product
from tests.issuer import Issuer, running_issuer
from tests.wallets import CosmosWallet, EvmWallet, SolanaWallet

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

__all__ = ["browser"]

SLOW_MS = 60_000
INJECTED = {
    "evm": """
        const provider = { request: async ({ method, params }) => method === "eth_requestAccounts"
            ? [await window.testAddress()] : JSON.parse(await window.testSign(params[0])).signature };
        const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider",
            { detail: Object.freeze({ info: { uuid: "1", name: "Test wallet" }, provider }) }));
        window.addEventListener("eip6963:requestProvider", announce);
    """,
    "solana": """
        window.solana = {
            connect: async () => ({ publicKey: { toString: () => window.testAddressNow } }),
            signMessage: async (bytes) => {
                const { signature } = JSON.parse(await window.testSign(new TextDecoder().decode(bytes)));
                return { signature: Uint8Array.from(atob(signature), (c) => c.charCodeAt(0)) };
            },
        };
    """,
    "cosmos": """
        window.keplr = {
            enable: async () => {},
            getKey: async () => ({ bech32Address: window.testAddressNow }),
            signArbitrary: async (chain, signer, text) => {
                const answer = JSON.parse(await window.testSign(text));
                return { signature: answer.signature, pub_key: { value: answer.public_key } };
            },
        };
    """,
}
BUTTONS = {"evm": "Ethereum wallet", "solana": "Solana wallet", "cosmos": "Keplr wallet"}


@contextmanager
def issuer_in_a_thread() -> Iterator[Issuer]:
    """The service to sign in through; Playwright's own loop must not wait for it."""
    loop, running = asyncio.new_event_loop(), threading.Event()
    found: list[Issuer] = []
    stop = asyncio.Event()

    async def serve() -> None:
        async with running_issuer() as issuer:
            found.append(issuer)
            running.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert running.wait(10)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product under the name localhost, as passkeys are bound to names; it sends mail into a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with issuer_in_a_thread() as issuer:
        folder = tmp_path_factory.mktemp("ways-in")
        settings = {
            "PRIVEXBOT_PORT": str(port),
            "PRIVEXBOT_PUBLIC_URL": f"http://localhost:{port}",
            "PRIVEXBOT_DEFAULT_MAILER": "outbox",
            "PRIVEXBOT_AUTH_STRATEGIES__OIDC__CLIENT_ID": issuer.settings["oidc"]["client_id"],
            "PRIVEXBOT_AUTH_STRATEGIES__OIDC__CLIENT_SECRET": issuer.settings["oidc"]["client_secret"],
            "PRIVEXBOT_AUTH_STRATEGIES__OIDC__ISSUER": issuer.url,
            "PRIVEXBOT_AUTH_STRATEGIES__OIDC__LABEL": "Harbour accounts",
        }
        with running_product(folder, url=f"http://127.0.0.1:{port}", **settings) as product:
            product.url = f"http://localhost:{port}"
            yield product


@contextmanager
def with_wallet(page: Page, wallet: Any) -> Iterator[None]:
    """Inject a provider that has the test's own wallet sign."""

    def sign(shown: str) -> str:
        text = bytes.fromhex(shown[2:]).decode() if shown.startswith("0x") else shown
        answer = wallet.answer(text)
        if wallet.kind == "solana":
            import base64

            answer["signature"] = base64.b64encode(wallet.key.sign(text.encode())).decode()
        return json.dumps(answer)

    page.expose_function("testSign", sign)
    page.expose_function("testAddress", lambda: wallet.address)
    page.add_init_script(f"window.testAddressNow = {json.dumps(wallet.address)}; {INJECTED[wallet.kind]}")
    yield


def register(page: Page, site: Product) -> str:
    """A new user in this browser. Returns their address."""
    address = f"ann-{secrets.token_hex(4)}@example.com"
    page.goto(f"{site.url}/register")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect_inside(page)
    return address


def expect_inside(page: Page) -> None:
    expect(page.get_by_role("heading", name="Overview")).to_be_visible(timeout=SLOW_MS)


def security(page: Page, site: Product) -> None:
    page.goto(f"{site.url}/account/security")
    expect(page.get_by_role("heading", name="Devices")).to_be_visible(timeout=SLOW_MS)


def sign_out(page: Page) -> None:
    page.context.clear_cookies()
    page.evaluate("sessionStorage.clear()")


def sign_in(page: Page, site: Product, address: str, password: str = PASSWORD) -> None:
    page.goto(f"{site.url}/sign-in")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def mailed_link(site: Product, address: str, page_name: str) -> str:
    """The link in the latest mail to somebody."""
    for path in sorted((site.folder / "outbox").rglob("*"), reverse=True):
        if not path.is_file():
            continue
        mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        found = re.search(rf"http\S+/{page_name}#token=\S+", mail.get_content())
        if mail["To"] == address and found:
            return found[0]
    return ""


@pytest.mark.parametrize("wallet", [EvmWallet(), SolanaWallet(), CosmosWallet()], ids=lambda wallet: wallet.kind)
def test_an_injected_wallet_signs_in_and_comes_back(site: Product, browser: Browser, wallet: Any):
    with new_page(browser, timeout_ms=SLOW_MS) as page, with_wallet(page, wallet):
        for _ in range(2):
            page.goto(f"{site.url}/sign-in?next=/account/security")
            page.get_by_role("button", name=BUTTONS[wallet.kind]).click()
            expect(page.get_by_role("main")).to_contain_text(wallet.address, timeout=SLOW_MS)
            sign_out(page)


def test_without_a_wallet_the_page_says_what_is_missing(site: Product, browser: Browser):
    with new_page(browser, timeout_ms=SLOW_MS) as page:
        page.goto(f"{site.url}/sign-in")
        page.get_by_role("button", name="Solana wallet").click()
        expect(page.get_by_role("alert").filter(has_text="No Solana wallet was found")).to_be_visible()


def test_a_wallet_is_linked_and_removed(site: Product, browser: Browser):
    wallet = EvmWallet()
    with new_page(browser, timeout_ms=SLOW_MS) as page, with_wallet(page, wallet):
        register(page, site)
        security(page, site)
        page.get_by_role("button", name="Ethereum wallet").click()
        expect(page.get_by_text(wallet.address)).to_be_visible(timeout=SLOW_MS)
        page.get_by_role("button", name=f"Remove Ethereum wallet {wallet.address}").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
        expect(page.get_by_text(wallet.address)).to_have_count(0, timeout=SLOW_MS)


def test_a_passkey_is_made_and_signs_in(site: Product, browser: Browser):
    with new_page(browser, timeout_ms=SLOW_MS) as page:
        register(page, site)
        device = page.context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        security(page, site)
        page.get_by_label("Name of a new passkey").fill("Laptop")
        page.get_by_role("button", name="Passkey", exact=True).click()
        expect(page.get_by_role("button", name="Remove Passkey Laptop")).to_be_visible(timeout=SLOW_MS)
        sign_out(page)
        page.goto(f"{site.url}/sign-in")
        page.get_by_role("button", name="Passkey", exact=True).click()
        expect_inside(page)


def test_another_service_signs_in(site: Product, browser: Browser):
    with new_page(browser, timeout_ms=SLOW_MS) as page:
        page.goto(f"{site.url}/sign-in?next=/account/security")
        page.get_by_role("button", name="Harbour accounts").click()
        expect(page.get_by_role("main")).to_contain_text("ann@issuer.example", timeout=SLOW_MS)


def test_the_second_step_is_set_up_asked_for_and_survives_a_lost_app(site: Product, browser: Browser):
    with new_page(browser, timeout_ms=SLOW_MS) as page:
        address = register(page, site)
        security(page, site)
        page.get_by_role("button", name="Set up").click()
        dialog = page.get_by_role("dialog")
        secret = dialog.locator("code").inner_text()
        expect(dialog.get_by_role("img", name="QR code")).to_be_visible()
        dialog.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
        dialog.get_by_role("button", name="Turn on").click()
        codes = dialog.get_by_role("listitem")
        expect(codes).to_have_count(10, timeout=SLOW_MS)
        recovery = codes.first.inner_text()
        dialog.get_by_role("button", name="I have kept them").click()
        expect(page.get_by_text("10 recovery codes left")).to_be_visible(timeout=SLOW_MS)
        sign_out(page)
        sign_in(page, site, address)
        expect(page.get_by_role("heading", name="One more step")).to_be_visible(timeout=SLOW_MS)
        page.get_by_label("Code").fill("000000")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("alert").filter(has_text="not right")).to_be_visible(timeout=SLOW_MS)
        page.get_by_label("Code").fill(recovery)
        page.get_by_role("button", name="Continue").click()
        expect_inside(page)


def test_a_device_is_signed_out_from_another_and_its_open_page_notices(site: Product, browser: Browser):
    with new_page(browser, timeout_ms=SLOW_MS) as page, new_page(browser, timeout_ms=SLOW_MS) as other:
        address = register(page, site)
        sign_in(other, site, address)
        expect_inside(other)
        other.goto(f"{site.url}/account")
        expect(other.get_by_label("Name", exact=True)).to_be_visible(timeout=SLOW_MS)
        security(page, site)
        page.get_by_role("button", name="Sign out everywhere else").click()
        expect(page.get_by_text("Every other device is signed out.").first).to_be_visible(timeout=SLOW_MS)
        other.get_by_label("Name", exact=True).fill("Mallory")
        other.get_by_role("button", name="Save name").click()
        expect(other.get_by_role("heading", name="Welcome back")).to_be_visible(timeout=SLOW_MS)


def test_a_forgotten_password_is_set_anew_by_a_mailed_link(site: Product, browser: Browser):
    with new_page(browser, timeout_ms=SLOW_MS) as page:
        address = register(page, site)
        wait_until(page, lambda: mailed_link(site, address, "verify-email") != "")
        page.goto(mailed_link(site, address, "verify-email"))
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=SLOW_MS)
        sign_out(page)
        page.goto(f"{site.url}/sign-in")
        page.get_by_role("link", name="Get a link").click()
        page.get_by_label("E-mail").fill(address)
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible(timeout=SLOW_MS)
        wait_until(page, lambda: mailed_link(site, address, "reset-password") != "")
        page.goto(mailed_link(site, address, "reset-password"))
        page.get_by_label("New password", exact=True).fill("password1")
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_role("alert").filter(has_text="known from breaches")).to_be_visible(timeout=SLOW_MS)
        page.get_by_label("New password", exact=True).fill("an entirely new one")
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_role("heading", name="Your password is set")).to_be_visible(timeout=SLOW_MS)
        sign_in(page, site, address, "an entirely new one")
        expect_inside(page)


def test_the_pages_fit_a_phone_and_the_dark(site: Product, browser: Browser, tmp_path: Path):
    for scheme in ("light", "dark"):
        phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": scheme}
        with new_page(browser, timeout_ms=SLOW_MS, **phone) as page:
            page.goto(f"{site.url}/sign-in")
            expect(page.get_by_role("button", name="Passkey")).to_be_visible(timeout=SLOW_MS)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            register(page, site)
            security(page, site)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
