"""The fixed parts of a page: how it looks, and what it does in WeLink's browser.

Everything that is shown stands in the page already; the script only asks WeLink for a code, sends it with what was
pressed, and shows the words that come back. It is written for browsers that phones had years ago.
"""

STYLE = """
body{margin:0;padding:16px;font:16px/1.5 sans-serif;color:#1f2328;background:#f6f8fa}
h1{margin:0 0 8px;font-size:20px}
p{margin:0 0 12px}
section{margin:0 0 12px;padding:12px;background:#fff;border:1px solid #d1d9e0;border-radius:8px}
label{display:block;margin:0 0 8px;font-size:14px}
input{display:block;box-sizing:border-box;width:100%;padding:10px;font:inherit;
border:1px solid #8c959f;border-radius:6px}
button{display:block;width:100%;margin:8px 0 0;padding:10px;font:inherit;text-align:left;
color:#1f2328;background:#f6f8fa;border:1px solid #8c959f;border-radius:6px}
button.chosen{color:#fff;background:#1f6feb;border-color:#1f6feb}
button:disabled{opacity:.5}
code{display:block;font-size:12px;overflow-wrap:anywhere}
.note{font-size:14px;color:#59636e}
#said{position:sticky;top:0;padding:10px;border-radius:6px;background:#ddf4ff}
#said:empty{display:none}
#said.success{background:#dafbe1}
#said.warning{background:#ffebe9}
"""

SCRIPT = """
(function () {
  "use strict";
  var texts = document.body.dataset;
  var said = document.getElementById("said");
  var outside = new Error("outside");

  function tell(words, mood) {
    said.className = mood;
    said.textContent = words;
  }

  function hold(held) {
    Array.prototype.forEach.call(document.querySelectorAll("button"), function (button) {
      button.disabled = held || button.dataset.done === "1";
    });
  }

  function codeOf() {
    return new Promise(function (resolve, reject) {
      if (!window.HWH5 || !window.HWH5.getAuthCode) { reject(outside); return; }
      setTimeout(function () { reject(outside); }, 15000);
      window.HWH5.getAuthCode().then(function (answer) { resolve(String(answer.code)); }, reject);
    });
  }

  function filled(button) {
    var form = {}, whole = true;
    var named = button.dataset.fields.split(" ");
    Array.prototype.forEach.call(button.parentNode.querySelectorAll("input"), function (input) {
      if (named.indexOf(input.name) < 0) { return; }
      form[input.name] = input.value;
      whole = input.reportValidity() && whole;
    });
    return whole ? form : null;
  }

  function act(button) {
    var form = filled(button);
    if (!form) { return; }
    hold(true);
    tell(texts.busy, "info");
    codeOf().then(function (code) {
      return fetch(location.href, {
        method: "POST",
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify({code: code, action: Number(button.dataset.action), form: form, token: texts.token})
      });
    }).then(function (response) { return response.json(); }).then(function (reply) {
      if (typeof reply.said !== "string") { throw new Error("no words"); }
      tell(reply.said, reply.mood);
      if (reply.done) { button.dataset.done = "1"; }
    }).catch(function (error) {
      tell(error === outside ? texts.outside : texts.failed, "warning");
    }).then(function () { hold(false); });
  }

  Array.prototype.forEach.call(document.querySelectorAll("button"), function (button) {
    button.addEventListener("click", function () { act(button); });
  });
})();
"""
