// Drop a file, or choose one, and the answer comes in place. Without this script the same form does the same by itself.
(function () {
  "use strict";

  const form = document.getElementById("check");
  const input = document.getElementById("certificate");
  const text = document.getElementById("text");
  const drop = document.getElementById("drop");
  const answer = document.getElementById("answer");
  if (!form || !window.fetch || !window.FormData) {
    return;
  }
  let latest = 0;

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

  function show(html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    answer.replaceChildren.apply(answer, Array.from(parsed.body.childNodes));
  }

  function forget() {
    latest += 1;
    answer.replaceChildren();
  }

  function ask(file) {
    const body = new FormData();
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
      body.append("file", file, file.name || "certificate");
    } else if (text.value.trim()) {
      body.append("text", text.value);
    } else {
      say("problem", "nothing_chosen");
      return;
    }
    const mine = latest;
    const waiting = setTimeout(function () {
      if (mine === latest) {
        say("waiting", "waiting");
      }
    }, 300);
    fetch(form.action, { method: "POST", body: body, headers: { "X-In-Place": "1" } })
      .then(function (response) {
        const kind = response.headers.get("content-type") || "";
        if (!kind.startsWith("text/html")) {
          throw new Error("not a page");
        }
        return response.text();
      })
      .then(function (html) { return function () { show(html); }; })
      .catch(function () { return function () { say("problem", "no_answer"); }; })
      .then(function (put) {
        clearTimeout(waiting);
        if (mine === latest) {
          put();
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
    askOne(input.files);
  });
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
    if (event.dataTransfer && event.dataTransfer.files.length) {
      form.reset();
      askOne(event.dataTransfer.files);
    }
  });
}());
