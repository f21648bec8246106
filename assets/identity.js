/* Ways in besides the password: wallets that the browser injects, passkeys, and other services.

   A button says which: data-way (the strategy), data-means (wallet, redirect, passkey), data-use (enter or link).
   What a wallet is asked to sign comes from the server and is sent back to the letter. Nothing is kept here. */
(() => {
  "use strict";

  const { post, enter, destination, OFFLINE, OUR_FAULT } = window.privexbot;
  const AUTH = "/api/v1/auth";
  const CANCELLED = "Nothing was signed. Try again when you are ready.";

  class Problem extends Error {}

  /** Post, or say what the server says. */
  const ask = async (path, values = {}) => {
    let answer;
    try {
      answer = await post(AUTH + path, values);
    } catch {
      throw new Problem(OFFLINE);
    }
    if (answer.isGood) return answer;
    if (answer.body.code === "recent_sign_in_needed") document.getElementById("ask-for-proof")?.click();
    throw new Problem(answer.body.detail || OUR_FAULT);
  };

  const base64 = (bytes) => window.btoa(String.fromCharCode(...bytes));

  // — wallets —

  /** Ethereum wallets announce themselves (EIP-6963); the older way is one object for whoever came last. */
  const announced = new Map();
  window.addEventListener("eip6963:announceProvider", ({ detail }) => announced.set(detail.info.uuid, detail));
  window.dispatchEvent(new Event("eip6963:requestProvider"));

  /** Which of several Ethereum wallets; resolves to its provider. */
  const chooseEthereum = (place) => {
    const found = [...announced.values()];
    if (found.length < 2) return found[0]?.provider || window.ethereum;
    return new Promise((resolve) => {
      place.replaceChildren(
        ...found.map(({ info, provider }) => {
          const button = document.createElement("button");
          button.type = "button";
          button.className = "pb-way";
          button.textContent = info.name;
          button.addEventListener("click", () => {
            place.replaceChildren();
            resolve(provider);
          });
          return button;
        }),
      );
      place.firstElementChild.focus();
    });
  };

  const missing = (name) => {
    throw new Problem(`No ${name} was found in this browser. Install one, or open this page inside it.`);
  };

  /** For each kind: the account, and a function that has a message signed by it. */
  const WALLETS = {
    async evm(button, place) {
      const provider = (await chooseEthereum(place)) || missing("Ethereum wallet");
      const [address] = await provider.request({ method: "eth_requestAccounts" });
      const hex = (text) => `0x${[...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
      const sign = async (message) => ({
        signature: await provider.request({ method: "personal_sign", params: [hex(message), address] }),
      });
      return { address, sign };
    },
    async solana() {
      const provider = window.phantom?.solana || window.solana || missing("Solana wallet");
      const { publicKey } = await provider.connect();
      const sign = async (message) => {
        const { signature } = await provider.signMessage(new TextEncoder().encode(message), "utf8");
        return { signature: base64(signature) };
      };
      return { address: publicKey.toString(), sign };
    },
    async cosmos(button) {
      const wallet = window.keplr || window.leap || missing("Keplr wallet");
      const { chain } = button.dataset;
      await wallet.enable(chain);
      const { bech32Address: address } = await wallet.getKey(chain);
      const sign = async (message) => {
        const { pub_key: key, signature } = await wallet.signArbitrary(chain, address, message);
        return { signature, public_key: key.value };
      };
      return { address, sign };
    },
  };

  const wallet = async (button, place) => {
    const { way, use } = button.dataset;
    const { address, sign } = await WALLETS[way](button, place);
    const { message } = (await ask(`/wallet/${way}/challenge`, { address })).body;
    const answer = { address, message, ...(await sign(message)) };
    if (use === "link") return ask("/link/wallet", { ...answer, kind: way });
    return enter(await ask(`/browser/wallet/${way}/verify`, answer));
  };

  // — passkeys —

  const fromBase64Url = (text) =>
    Uint8Array.from(window.atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  const toBase64Url = (buffer) =>
    base64(new Uint8Array(buffer)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const parsed = (listed) => (listed || []).map((known) => ({ ...known, id: fromBase64Url(known.id) }));

  const written = ({ id, rawId, type, response }) => {
    const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const filled = parts.filter((part) => response[part]).map((part) => [part, toBase64Url(response[part])]);
    return { id, rawId: toBase64Url(rawId), type, response: Object.fromEntries(filled) };
  };

  const passkey = async (button) => {
    if (!window.PublicKeyCredential) throw new Problem("This browser knows no passkeys, or the page is not secure.");
    if (button.dataset.use === "link") {
      const label = document.getElementById("passkey-name")?.value || "";
      const options = (await ask("/passkeys/options", { label })).body;
      options.challenge = fromBase64Url(options.challenge);
      options.user.id = fromBase64Url(options.user.id);
      options.excludeCredentials = parsed(options.excludeCredentials);
      const made = await navigator.credentials.create({ publicKey: options });
      return ask("/passkeys", { credential: written(made) });
    }
    const options = (await ask("/passkey/options")).body;
    options.challenge = fromBase64Url(options.challenge);
    options.allowCredentials = parsed(options.allowCredentials);
    const found = await navigator.credentials.get({ publicKey: options });
    return enter(await ask("/browser/passkey/verify", { credential: written(found) }));
  };

  // — other services —

  const redirect = async (button) => {
    const { way, use } = button.dataset;
    if (use === "link") {
      window.location.assign((await ask(`/oidc/${way}/link`)).body.location);
    } else {
      window.location.assign(`${AUTH}/oidc/${way}/start?next=${encodeURIComponent(destination())}`);
    }
    return new Promise(() => {}); // the page is about to go
  };

  const MEANS = { wallet, passkey, redirect };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-means]");
    if (!button || button.dataset.busy) return;
    const ways = button.closest("[data-ways]");
    const problem = ways.querySelector("[data-ways-problem]");
    problem.textContent = "";
    button.dataset.busy = "true";
    try {
      await MEANS[button.dataset.means](button, ways.querySelector("[data-ways-choice]"));
      if (button.dataset.use === "link") document.getElementById("ways-changed")?.click();
    } catch (error) {
      problem.textContent = error instanceof Problem ? error.message : CANCELLED;
    }
    delete button.dataset.busy;
  });
})();
