/* The dashboard's own script: what must work without a round trip, or before the connection to the server stands.

   - sign-in and registration, which set an httpOnly cookie and therefore go by fetch;
   - leaving for another account or workspace, which must not take this tab's state along;
   - moving the focus to a field that is about to appear;
   - keeping an invitation's token while its reader signs in;
   - keeping what was typed into a form that saves itself until the server has answered. */
(() => {
  "use strict";

  const TAB_STATE = "token";
  const INVITATION = "invitation";
  const OUTSIDE = ["/sign-in", "/register", "/forgot-password", "/reset-password", "/verify-email"];
  const OFFLINE = "The server cannot be reached. Check your connection and try again.";
  const OUR_FAULT = "Something went wrong on our side. Please try again.";

  /** Go to an address with a fresh state: the one of this tab belongs to whoever was here. */
  const leave = (address) => {
    sessionStorage.removeItem(TAB_STATE);
    window.location.assign(address);
  };

  /** Ask to sign in, and come back here afterwards. */
  const signIn = () => {
    const { pathname, search } = window.location;
    if (OUTSIDE.some((page) => pathname.startsWith(page))) return;
    const here = pathname + search;
    leave(here === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(here)}`);
  };

  /** Where to go after signing in: a page of this very site, or the first one. */
  const destination = () => {
    const next = new URLSearchParams(window.location.search).get("next") || "/";
    if (!next.startsWith("/") || next.startsWith("//") || next.includes("\\")) return "/";
    const target = new URL(next, window.location.origin);
    return target.origin === window.location.origin ? target.pathname + target.search + target.hash : "/";
  };

  /** Focus an element as soon as it is there; it may belong to a tab that is just being drawn. */
  const focus = (id, attempts = 60) => {
    const element = document.getElementById(id);
    if (element) {
      element.focus({ preventScroll: true });
      element.scrollIntoView({ block: "center", behavior: "smooth" });
    } else if (attempts > 0) {
      window.requestAnimationFrame(() => focus(id, attempts - 1));
    }
  };

  const showProblems = (form, problems) => {
    let first = null;
    for (const place of form.querySelectorAll("[data-problem]")) {
      const field = form.elements.namedItem(place.dataset.problem);
      const message = problems[place.dataset.problem] || "";
      place.textContent = message;
      if (!field) continue;
      field.toggleAttribute("aria-invalid", Boolean(message));
      if (message) field.setAttribute("aria-invalid", "true");
      if (message && !first) first = field;
    }
    form.querySelector("[data-problem-summary]").textContent = problems[""] || "";
    if (first) first.focus();
  };

  const check = (values) => {
    const problems = {};
    if ("email" in values && !/^\S+@\S+\.\S+$/.test(values.email)) problems.email = "Enter your e-mail address.";
    if (values.password === "") problems.password = "Enter your password.";
    else if ("name" in values && values.password.length < 8) problems.password = "Use at least 8 characters.";
    if ("new_password" in values && values.new_password.length < 8) problems.new_password = "Use at least 8 characters.";
    if (values.code === "") problems.code = "Enter the code.";
    return problems;
  };

  const problemsOf = (body) => {
    const problems = {};
    for (const { field, message } of body.errors || []) problems[field] = problems[field] || message;
    if (body.code === "email_taken") problems.email = body.detail;
    if (!Object.keys(problems).length) problems[""] = body.detail || OUR_FAULT;
    return problems;
  };

  /** Send JSON as the dashboard. Resolves to the status and the body; throws when the server cannot be reached. */
  const post = async (address, values) => {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(values),
      credentials: "same-origin",
    });
    return { isGood: response.ok, status: response.status, body: await response.json().catch(() => ({})) };
  };

  /** A secret that came behind the # of a mailed link. */
  const secretInAddress = (name) => new URLSearchParams(window.location.hash.slice(1)).get(name) || "";

  /** The token of the invitation that led here. It leaves the address at once and stays in this tab: signing in on
      the way neither loses it nor tells it to a log. */
  const invitation = () => {
    const token = secretInAddress("token");
    if (token) {
      sessionStorage.setItem(INVITATION, token);
      window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
    }
    return sessionStorage.getItem(INVITATION) || "";
  };

  let ticket = "";

  /** Show the second step of signing in; it needs the ticket of the first. */
  const secondStep = (newTicket, attempts = 600) => {
    ticket = newTicket;
    const steps = document.querySelector("[data-step]");
    if (!steps && attempts > 0) return window.requestAnimationFrame(() => secondStep(newTicket, attempts - 1));
    steps.dataset.step = "second";
    focus("code");
    return undefined;
  };

  /** After a proof: into the dashboard, or to the second step. */
  const enter = ({ status, body }) => (status === 202 ? secondStep(body.ticket) : leave(destination()));

  const finish = (form, answer) => {
    const { then } = form.dataset;
    if (then === "done") form.closest("[data-step]").dataset.step = "done";
    else if (then === "reload") window.location.reload();
    else enter(answer);
  };

  const send = async (form) => {
    const values = Object.fromEntries(new FormData(form));
    if ("email" in values) values.email = values.email.trim();
    const problems = check(values);
    showProblems(form, problems);
    if (Object.keys(problems).length) return;
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    button.dataset.busy = "true";
    if (form.dataset.secret) values.token = secretInAddress(form.dataset.secret);
    if ("code" in values) values.ticket = ticket;
    try {
      const answer = await post(form.dataset.auth, values);
      if (answer.isGood) return finish(form, answer);
      showProblems(form, problemsOf(answer.body));
    } catch {
      showProblems(form, { "": OFFLINE });
    }
    button.disabled = false;
    delete button.dataset.busy;
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-auth]")) return;
    event.preventDefault();
    if (!event.target.querySelector("[data-busy]")) send(event.target);
  });

  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-reveals]");
    if (!toggle) return;
    const field = document.getElementById(toggle.dataset.reveals);
    const isShown = field.type === "password";
    field.type = isShown ? "text" : "password";
    toggle.setAttribute("aria-pressed", String(isShown));
    toggle.setAttribute("aria-label", isShown ? "Hide the password" : "Show the password");
  });

  // The link to the other of the two forms keeps the way back.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-keeps-next]");
    if (link && window.location.search) {
      event.preventDefault();
      window.location.assign(link.getAttribute("href") + window.location.search);
    }
  });

  // — forms that save themselves: [data-autosaves] holds fields, [data-stamp] changes with every answer to a change —

  const LOOK_EVERY_MS = 250;
  const TYPING_PAUSE_MS = 350;
  const LATE_AFTER_MS = 6000;
  const unanswered = new Map();
  let lastStamp = "";
  let watch = 0;

  /** React ignores an input event that brings nothing new; forgetting what it saw makes it listen again. */
  const sendAgain = (field) => {
    if (field._valueTracker) field._valueTracker.setValue("\u0000");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const look = () => {
    const place = document.querySelector("[data-stamp]");
    const now = Date.now();
    const isAnswered = place && place.dataset.stamp !== lastStamp;
    for (const [field, typedAt] of unanswered) {
      if (!field.isConnected || (isAnswered && now - typedAt > TYPING_PAUSE_MS)) unanswered.delete(field);
    }
    if (place) lastStamp = place.dataset.stamp;
    const oldest = Math.min(...unanswered.values());
    const isLate = now - oldest > LATE_AFTER_MS;
    if (place && unanswered.size) place.dataset.pending = isLate || place.dataset.pending === "late" ? "late" : "yes";
    else if (place) delete place.dataset.pending;
    if (isLate) [...unanswered.keys()].forEach(sendAgain);
    if (!unanswered.size) watch = window.clearInterval(watch) || 0;
  };

  document.addEventListener(
    "input",
    (event) => {
      if (!event.target.closest("[data-autosaves]") || !event.target.matches("input:not([type=checkbox], [type=radio]), textarea")) return;
      if (!unanswered.size) lastStamp = document.querySelector("[data-stamp]")?.dataset.stamp || "";
      unanswered.set(event.target, Date.now());
      if (!watch) watch = window.setInterval(look, LOOK_EVERY_MS);
      look();
    },
    true,
  );

  window.addEventListener("beforeunload", (event) => {
    if (unanswered.size) event.preventDefault();
  });

  if (secretInAddress("ticket")) secondStep(secretInAddress("ticket"));

  window.privexbot = Object.freeze({ leave, signIn, destination, invitation, focus, post, enter, OFFLINE, OUR_FAULT });
})();
