"use strict";
// Replaces the text of elements that carry an id, when the daemon says that something changed. It adds no markup.
(() => {
  let source = null;
  let busy = false;
  const refresh = async () => {
    if (busy || document.hidden) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of document.querySelectorAll("[data-live]")) {
        const now = fresh.getElementById(old.id);
        if (!now) continue;
        if (old.textContent !== now.textContent) old.textContent = now.textContent;
        if (now.dataset.state) old.dataset.state = now.dataset.state;
      }
      // Tells the state to screen readers only when its word changes.
      const head = document.querySelector("h1[data-state]");
      const spoken = document.getElementById("spoken");
      if (head && spoken && spoken.textContent !== head.dataset.state) spoken.textContent = head.dataset.state;
    } catch {
      // The next event tries again.
    } finally {
      busy = false;
    }
  };
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource("/events");
    source.onmessage = refresh;
  };
  const close = () => {
    if (source) source.close();
    source = null;
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else { open(); refresh(); }
  });
  addEventListener("pagehide", close);
  open();
})();
