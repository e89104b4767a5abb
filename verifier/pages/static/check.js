// Drop a file, or choose one, and the answer comes in place. Without this script the same form does the same by itself.
(function () {
  "use strict";

  const form = document.getElementById("check");
  const input = document.getElementById("certificate");
  const text = document.getElementById("text");
  const drop = document.getElementById("drop");
  const answer = document.getElementById("answer");
  const buttons = Array.from(document.querySelectorAll("#check button"));
  if (!form || !window.fetch || !window.FormData) {
    return;
  }
  let latest = 0;
  let asking = false;

  // While it is asked, the button does nothing; it keeps the focus, which a disabled one would lose.
  function hold(held) {
    asking = held;
    buttons.forEach(function (button) { button.setAttribute("aria-disabled", String(held)); });
  }

  function say(kind, name) {
    const line = document.getElementById(name).content.firstChild.cloneNode(true);
    if (kind === "waiting") {
      line.className = kind;
      answer.replaceChildren(line);
      return;
    }
    const box = document.createElement("section");
    box.className = kind;
    box.dataset.state = kind;
    box.appendChild(line);
    answer.replaceChildren(box);
  }

  function problem(name) {
    return function () { say("problem", name); };
  }

  // What some proxy says in our place is no answer.
  function answered(html) {
    const said = new DOMParser().parseFromString(html, "text/html").body;
    if (!said.querySelector("[data-result], [data-state]")) {
      throw new Error("not an answer");
    }
    return function () { answer.replaceChildren.apply(answer, Array.from(said.childNodes)); };
  }

  function intoView() {
    const heads = Array.from(answer.querySelectorAll(".head, .problem"));
    const shown = heads.find(function (head) { return head.offsetParent !== null; });
    if (shown) {
      shown.scrollIntoView({ block: "nearest" });
    }
  }

  function forget() {
    latest += 1;
    hold(false);
    answer.replaceChildren();
    document.title = document.title.replace(/^.* · /, "");  // of a verdict that came with the page
  }

  // A file is read here, to tell one that cannot be (a folder; gone or changed since) from a service that is away.
  function contents(file) {
    const body = new FormData();
    if (!file) {
      body.append("text", text.value);
      return Promise.resolve(body);
    }
    return file.arrayBuffer().then(function (bytes) {
      body.append("file", new Blob([bytes]), file.name || "certificate");
      return body;
    });
  }

  function send(body) {
    return fetch(form.action, { method: "POST", body: body, headers: { "X-In-Place": "1" } })
      .then(function (response) {
        const kind = response.headers.get("content-type") || "";
        if (!kind.startsWith("text/html")) {
          throw new Error("not a page");
        }
        return response.text();
      })
      .then(answered)
      .catch(function () { return problem("no_answer"); });
  }

  function ask(file) {
    forget();
    if (file && text.value.trim()) {
      say("problem", "file_and_text");
      return;
    }
    if (file) {
      if (file.size > Number(form.dataset.max)) {
        say("problem", "too_large");
        return;
      }
    } else if (!text.value.trim()) {
      say("problem", "nothing_chosen");
      return;
    }
    const mine = latest;
    hold(true);
    const waiting = setTimeout(function () {
      if (mine === latest) {
        say("waiting", "waiting");
      }
    }, 300);
    contents(file)
      .then(send, function () { return problem("unreadable"); })
      .then(function (put) {
        clearTimeout(waiting);
        if (mine === latest) {
          hold(false);
          put();
          intoView();
        }
      });
  }

  function askOne(files) {
    if (files.length > 1) {
      forget();
      say("problem", "one_at_a_time");
      return;
    }
    ask(files[0]);
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (!asking) {
      askOne(input.files);
    }
  });
  // The second click of a double click asks nothing, however quick the answer to the first was.
  buttons.forEach(function (button) {
    button.addEventListener("click", function (event) {
      if (event.detail > 1) {
        event.preventDefault();
      }
    });
  });
  // Nothing stays chosen, or a browser would not tell of the same file chosen again, whatever it holds by then.
  input.addEventListener("click", function () { input.value = ""; });
  input.addEventListener("change", function () {
    if (input.files.length) {
      text.value = "";
      askOne(input.files);
    }
  });
  text.addEventListener("input", function () {
    forget();
    if (text.value.trim()) {
      input.value = "";
    }
  });
  ["dragenter", "dragover"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      event.preventDefault();
      drop.classList.add("over");
    });
  });
  ["dragleave", "drop"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      event.preventDefault();
      drop.classList.remove("over");
    });
  });
  document.addEventListener("drop", function (event) {
    form.reset();
    askOne(event.dataTransfer.files);
  });
}());
