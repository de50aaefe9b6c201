// Small manners of every page. Each works on data attributes, for parts that htmx brings later too.
(() => {
  "use strict";
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

  // "/" goes to the search box.
  document.addEventListener("keydown", (event) => {
    const search = document.getElementById("search");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !search) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    search.focus();
    search.select();
  });

  // What drops down under the search box: arrows walk through it, Escape and a click elsewhere close it.
  const suggestions = () => document.getElementById("suggestions");
  const closeSuggestions = () => suggestions()?.replaceChildren();
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest(".topbar-search");
    if (!box || !["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) return;
    const search = document.getElementById("search");
    if (event.key === "Escape") { closeSuggestions(); return search.focus(); }
    const stops = [search, ...suggestions().querySelectorAll("a")];
    const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".topbar-search")) closeSuggestions();
  });

  // Groups of the navigation stay as the reader leaves them: a cookie says so to the next page (core.navigation).
  document.addEventListener("click", (event) => {
    const group = event.target.closest(".nav-group > summary")?.parentElement;
    if (!group) return;
    const kept = document.cookie.match(/(?:^|; )nav=([^;]*)/)?.[1].split("_") || [];
    const others = kept.filter((one) => one && one.split(".")[0] !== group.dataset.group);
    const now = [...others, `${group.dataset.group}.${group.open ? 0 : 1}`];
    document.cookie = `nav=${now.join("_")}; path=/; max-age=31536000; samesite=lax`;
  });

  // What a list cuts short is told whole to whoever points at it.
  document.addEventListener("pointerover", (event) => {
    const cell = event.target.closest?.("#list td");
    if (cell && !cell.title && cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent.trim();
  });

  // data-opens="id" opens a dialog, data-closes closes it, data-dismiss removes a message, data-print prints.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    if (event.target.matches("dialog")) event.target.close();
    if (event.target.closest("[data-dismiss]")) event.target.closest(".note")?.remove();
    if (event.target.closest("[data-print]")) window.print();
  });

  // A form is sent once; the button rests until the answer comes or the reader returns to the page. One that may
  // bring a file (data-repeats) leaves the page where it is and says nothing at its end: the same button rests for 3 s.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    const repeats = "repeats" in form.dataset;
    const what = repeats && event.submitter ? `${event.submitter.name}=${event.submitter.value}` : "1";
    if (form.dataset.sent === what) return event.preventDefault();
    form.dataset.sent = what;
    if (repeats) return setTimeout(() => delete form.dataset.sent, 3000);
    setTimeout(() => form.querySelectorAll("button[type=submit]").forEach((b) => b.setAttribute("aria-disabled", "true")));
  });
  const rest = (scope) => {
    scope.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("button[aria-disabled]").forEach((b) => b.removeAttribute("aria-disabled"));
    });
  };
  addEventListener("pageshow", () => rest(document));
  document.addEventListener("htmx:afterRequest", () => rest(document));

  // What was typed in a form that is refused ([data-refused]: where it was sent) stands in it again; not passwords
  // and what asks for no memory. It is kept from the submission to the next page of this window alone.
  const keptFields = (form) => [...form.elements].filter((field) => field.name && field.type !== "hidden"
    && !["password", "file", "submit", "button"].includes(field.type) && field.autocomplete !== "one-time-code");
  const signOf = (form) => JSON.stringify([...form.elements].filter((field) => field.type === "hidden"
    && !["csrf_token", "version"].includes(field.name)).map((field) => [field.name, field.value]));
  const valueOf = (field) => field.type === "checkbox" || field.type === "radio" ? [field.value, field.checked]
    : field.multiple ? [...field.selectedOptions].map((option) => option.value) : field.value;
  const putBack = (field, value) => {
    if (field.type === "checkbox" || field.type === "radio") field.checked = value[1];
    else if (field.multiple) [...field.options].forEach((option) => { option.selected = value.includes(option.value); });
    else field.value = value;
  };
  const pathOf = (form) => new URL(form.getAttribute("action") || location.href, location.href).pathname;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    const values = keptFields(form).map((field) => [field.name, field.id, valueOf(field)]);
    const typed = JSON.stringify({ path: pathOf(form), sign: signOf(form), values });
    if (typed.length < 100000) sessionStorage.setItem("typed", typed);
  });
  const typed = JSON.parse(sessionStorage.getItem("typed") || "null");
  sessionStorage.removeItem("typed");
  if (typed && document.querySelector("[data-refused]")?.dataset.refused === typed.path) {
    const form = [...document.forms].find((one) => one.method === "post" && pathOf(one) === typed.path && signOf(one) === typed.sign);
    for (const field of form ? keptFields(form) : []) {
      const same = ([name, id, value]) => name === field.name && id === field.id
        && (!Array.isArray(value) || field.multiple || value[0] === field.value);
      const found = typed.values.find(same);
      if (found) putBack(field, found[2]);
    }
    form?.closest("details")?.setAttribute("open", "");
  }

  // data-autosubmit: a filter applies as soon as it is chosen.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
  });

  // data-select-all ticks its table's boxes; [data-bulk] shows while any is ticked, [data-bulk-count] counts.
  const bulk = (scope) => {
    const ticked = scope.querySelectorAll("tbody input[type=checkbox]:checked").length;
    scope.querySelectorAll("[data-bulk]").forEach((bar) => { bar.hidden = ticked === 0; });
    scope.querySelectorAll("[data-bulk-count]").forEach((count) => { count.textContent = ticked; });
  };
  document.addEventListener("change", (event) => {
    const scope = event.target.closest("[data-bulk-scope]");
    if (!scope || event.target.type !== "checkbox") return;
    if (event.target.matches("[data-select-all]")) {
      scope.querySelectorAll("tbody input[type=checkbox]:not(:disabled)").forEach((box) => { box.checked = event.target.checked; });
    }
    bulk(scope);
  });

  // [data-upload]: chosen or dropped files go one by one, with progress; data-upload is the id of the part that comes back.
  const sendFile = (form, file, bar) => new Promise((done) => {
    const body = new FormData(form), request = new XMLHttpRequest();
    body.delete("files");
    body.append("files", file, file.name);
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => { bar.value = event.lengthComputable ? event.loaded / event.total : 0; });
    request.addEventListener("loadend", () => done(request));
    request.send(body);
  });
  const refusalOf = (form, file, request) => {
    if (request.status === 413) return form.dataset.tooLarge;
    if (!request.status) return words().offline;
    const plain = (request.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    return plain ? request.responseText : words().failed;
  };
  const upload = async (form, files) => {
    if (form.dataset.busy || !files.length) return;
    form.dataset.busy = "1";
    const [bar, name] = form.querySelector(".file-progress").children, refused = [];
    let part = null;
    bar.parentElement.hidden = false;
    for (const file of files) {
      name.textContent = file.name;
      bar.value = 0;
      let request = null;
      if (file.size <= Number(form.dataset.most)) request = await sendFile(form, file, bar);
      const page = request?.status === 200 ? new DOMParser().parseFromString(request.responseText, "text/html") : null;
      const found = page?.getElementById(form.dataset.upload);
      if (found) part = found;
      else refused.push(`${file.name}: ${request ? refusalOf(form, file, request) : form.dataset.tooLarge}`);
    }
    let place = form;
    if (part) {
      document.getElementById(form.dataset.upload).replaceWith(part);
      window.htmx?.process(part);
      place = part.querySelector("[data-upload]");
    }
    delete form.dataset.busy;
    form.querySelectorAll("input[type=file]").forEach((input) => { input.value = ""; });
    bar.parentElement.hidden = true;
    place.querySelector(".file-refused").replaceChildren(...refused.map((text) => {
      const line = document.createElement("p");
      line.textContent = text;
      return line;
    }));
  };
  document.addEventListener("change", (event) => {
    const form = event.target.type === "file" ? event.target.closest("[data-upload]") : null;
    if (form) upload(form, [...event.target.files]);
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const form = event.target.closest?.("[data-upload]");
      if (!form || ![...(event.dataTransfer?.types || [])].includes("Files")) return;
      event.preventDefault();
      form.classList.toggle("is-over", kind === "dragover");
      if (kind === "drop") upload(form, [...event.dataTransfer.files]);
    });
  }

  // Whatever htmx could not do is said in the corner.
  const say = (text) => {
    const note = document.getElementById("toast").content.firstElementChild.cloneNode(true);
    note.querySelector(".note-body").textContent = text;
    document.getElementById("toasts").append(note);
    setTimeout(() => note.remove(), 12000);
  };
  const words = () => document.getElementById("toasts").dataset;
  document.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    const plain = (answer.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    say(plain && answer.responseText ? answer.responseText : words().failed);
  });
  document.addEventListener("htmx:sendError", () => say(words().offline));
  document.addEventListener("htmx:timeout", () => say(words().offline));
})();
