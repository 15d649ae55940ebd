// The desk of the library at speed: what is scanned is looked up without leaving the page, so that no key is lost, and says by its
// sound how it went. Without this file every step is a page of its own.
(() => {
  "use strict";
  const scan = document.getElementById("scan"), field = document.getElementById("desk-q"), told = document.getElementById("desk-told");
  const choice = document.getElementById("desk-sound");
  if (!scan || !field || !told) return;

  // Sounds: two notes up, one note twice, one low; "done" is three up. Off until the browser allows it, and when somebody says so.
  const QUIET = "library-desk-quiet", ACTED = "library-desk-acted";
  const NOTES = { fine: [[660, 0], [880, 0.09]], look: [[520, 0], [520, 0.16]], no: [[165, 0, 0.34]], done: [[523, 0], [659, 0.1], [784, 0.2]] };
  let quiet = false, ears = null;
  try { quiet = localStorage.getItem(QUIET) === "yes"; } catch { /* the browser keeps nothing: sounds are on each time */ }
  // A browser lets a page sound once somebody has done something on it, or on the page of ours that led here.
  let allowed = false;
  try { allowed = sessionStorage.getItem(ACTED) === "yes"; sessionStorage.removeItem(ACTED); } catch { /* the first sound is left out */ }
  for (const act of ["keydown", "pointerdown"]) addEventListener(act, () => { allowed = true; }, { capture: true });
  const play = (name) => {
    if (quiet || !allowed || !NOTES[name] || !window.AudioContext) return;
    ears = ears || new AudioContext();
    if (ears.state === "suspended") ears.resume();
    for (const [pitch, after, length = 0.08] of NOTES[name]) {
      const tone = ears.createOscillator(), loud = ears.createGain(), at = ears.currentTime + after;
      tone.type = name === "no" ? "square" : "sine";
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0.0001, at);
      loud.gain.exponentialRampToValueAtTime(name === "no" ? 0.12 : 0.25, at + 0.015);
      loud.gain.exponentialRampToValueAtTime(0.0001, at + length);
      tone.connect(loud).connect(ears.destination);
      tone.start(at);
      tone.stop(at + length + 0.02);
    }
  };
  choice.closest("[hidden]").hidden = false;
  choice.checked = !quiet;
  choice.addEventListener("change", () => {
    quiet = !choice.checked;
    try { localStorage.setItem(QUIET, quiet ? "yes" : "no"); } catch { /* it holds for this page */ }
    if (!quiet) play("fine");
    field.focus();
  });

  // What was typed on the piles goes along with every look-up.
  const changed = (address) => {
    for (const form of document.querySelectorAll("#hand-out-form, #return-form")) {
      for (const one of form.elements) {
        if (!one.name || one.type === "hidden" || one.type === "submit") continue;
        if (one.type === "checkbox" || one.type === "radio") {
          if (one.type === "radio" ? one.checked && one.value : one.checked) address.searchParams.set(one.name, one.value || "y");
          else if (one.type === "checkbox") address.searchParams.delete(one.name);
        } else if (one.dataset.again === undefined || one.value !== one.defaultValue) {
          if (one.value) address.searchParams.set(one.name, one.value); else address.searchParams.delete(one.name);
        }
      }
    }
    return address;
  };

  let line = Promise.resolve();
  const look = (make) => {
    line = line.then(async () => {
      const address = changed(make());
      document.body.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(address, { headers: { "Accept": "text/html" } });
        if (!answer.ok || new URL(answer.url).pathname !== location.pathname && new URL(answer.url).pathname !== scan.getAttribute("action")) {
          location.assign(address);
          return;
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const id of ["kept", "desk"]) document.getElementById(id).replaceWith(page.getElementById(id));
        for (const old of document.querySelectorAll("main .page > .kern-alert")) old.remove();
        const news = page.getElementById("desk-told");
        told.className = news.className;
        told.dataset.sound = news.dataset.sound || "";
        told.replaceChildren(...news.childNodes);
        history.replaceState(null, "", document.getElementById("desk").dataset.here);
        play(news.dataset.sound);
      } catch {
        location.assign(address);
      } finally {
        document.body.removeAttribute("aria-busy");
      }
    });
  };
  const state = (more) => {
    const address = new URL(scan.action, location.href);
    for (const one of document.querySelectorAll("#kept input")) address.searchParams.set(one.name, one.value);
    for (const [name, value] of Object.entries(more)) address.searchParams.set(name, value);
    return address;
  };

  scan.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    field.value = "";
    if (text) { look(() => state({ q: text })); return; }
    line = line.then(() => {
      const form = document.getElementById("return-form") || document.getElementById("hand-out-form");
      if (!form) return;
      if (form.dataset.ready) form.requestSubmit();
      else { play("no"); const ask = form.querySelector("#override, button[type=submit]"); if (ask) ask.focus(); }
    });
  });
  // What has to be ticked is asked for one after another, before anything is sent; what was typed on the other pile goes along.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.id !== "hand-out-form" && form.id !== "return-form") return;
    const open = [...form.querySelectorAll("input[data-tick]")].find((box) => !box.checked && !(form.elements[box.dataset.tick] || {}).value);
    if (open) {
      event.preventDefault();
      event.stopImmediatePropagation();
      play("look");
      open.focus();
      return;
    }
    try { sessionStorage.setItem(ACTED, "yes"); } catch { /* the sound of the next page is left out */ }
    for (const [name, value] of changed(new URL(scan.action, location.href)).searchParams) {
      if (form.elements[name]) continue;
      const kept = document.createElement("input");
      Object.assign(kept, { type: "hidden", name, value });
      form.append(kept);
    }
  }, true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("#desk a[data-carry], #desk a.away, #desk a.choice");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    look(() => new URL(link.href));
    field.focus();
  });
  document.addEventListener("change", (event) => {
    if (event.target.dataset && event.target.dataset.again !== undefined) look(() => state({}));
  });
  // Arrow keys go through what fits, and back to the field.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const all = [field, ...document.querySelectorAll("#desk a.choice")], at = all.indexOf(document.activeElement);
    if (at < 0 || all.length < 2) return;
    event.preventDefault();
    all[Math.max(0, Math.min(all.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
  });

  play(told.dataset.sound);
})();
