"use strict";
// Brings an open page up to date when the daemon says that something changed. It compares the page with a new one from
// the daemon, and changes only what differs, so that focus, selection and opened details stay.
(() => {
  let source = null, busy = false, seen = new Date();
  const morph = (old, now) => {
    if (old.nodeName !== now.nodeName || old.id !== now.id) return old.replaceWith(now);
    if (old.nodeType === Node.TEXT_NODE && old.data !== now.data) old.data = now.data;
    for (const { name, value } of now.attributes ?? []) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...(old.attributes ?? [])]) {
      // Only the reader opens and closes details.
      if (name !== "open" && !now.hasAttribute(name)) old.removeAttribute(name);
    }
    const fresh = [...now.childNodes];
    while (old.childNodes.length > fresh.length) old.lastChild.remove();
    fresh.forEach((child, at) => (at < old.childNodes.length ? morph(old.childNodes[at], child) : old.append(child)));
  };
  const say = (state, word, sentence) => {
    const head = document.getElementById("sentence"), spoken = document.getElementById("spoken");
    document.title = `${word} · soracrawl`;
    head.dataset.state = state;
    head.textContent = sentence;
    // Screen readers tell each change of this text.
    if (spoken.textContent !== word) spoken.textContent = word;
  };
  const refresh = async () => {
    if (busy || document.hidden) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.title = fresh.title;
      morph(document.getElementById("main"), fresh.getElementById("main"));
      seen = new Date();
    } catch {
      say("gone", "no answer", `no answer from the daemon; what is below is of ${seen.toLocaleTimeString()}`);
    }
    busy = false;
  };
  const close = () => { source?.close(); source = null; };
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource("/events");
    source.onmessage = refresh;
    // A browser opens a lost stream again, but not one that was refused.
    source.onerror = () => { refresh(); if (source?.readyState === EventSource.CLOSED) { close(); setTimeout(open, 5000); } };
  };
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else { open(); refresh(); } });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
})();
