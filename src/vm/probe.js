const net = require("net"), tls = require("tls"), dns = require("dns");
const [n, scheme, name, port, path] = process.argv.slice(1);
const say = (...a) => console.log("cw" + 1 + " " + [n, ...a].join(" ").replace(/[^\x20-\x7e]/g, " ").replace(/cw[1] /g, "cw1_").replace(/~;/g, "~,") + " ~;");
const soon = p => Promise.race([p, new Promise((_, f) => setTimeout(() => f({ code: "TIMEOUT" }), 6000))]);
const env = k => process.env[k.toLowerCase()] || process.env[k.toUpperCase()];
const bare = name.replace(/^\[|\]$/g, "");
const exempt = () => (env("no_proxy") || "").split(/[\s,]+/).some(e => e === "*" || e && ("." + bare).endsWith("." + e.replace(/^\*?\./, "")));
const proxy = () => { try { const p = env(scheme + "_proxy") || env("all_proxy"); return p && !exempt() ? new URL(p.includes("://") ? p : "http://" + p) : null; } catch { return null; } };
const head = (s, part) => soon(new Promise((done, fail) => {
  let t = Buffer.alloc(0);
  const ok = () => t.includes("\r\n\r\n") ? done(t) : fail({ code: "CLOSED" });
  s.on("data", d => { t = Buffer.concat([t, d]); if (part && t.includes("\r\n\r\n") || t.length > 65536) ok(); });
  s.on("end", ok); s.on("close", ok); s.on("error", fail);
  setTimeout(() => t.includes("\r\n\r\n") && ok(), 5000);
}));
const heads = t => {
  const lines = t.toString("latin1").split("\r\n\r\n")[0].split("\r\n");
  lines.slice(1).filter(l => /^(@HEADERS@): /i.test(l)).slice(0, 12).forEach(l => say("head", l.replace(/^(location: [^?#]*).*/i, "$1").slice(0, 160)));
  return (lines[0].match(/^HTTP\S+ (\d+)/) || [])[1];
};
(async () => {
  const t0 = Date.now(), r = {}, at = () => ((Date.now() - t0) / 1000).toFixed(3);
  let stage = "dns", error = "";
  try {
    const px = proxy(), to = px ? { host: px.hostname.replace(/^\[|\]$/g, ""), port: +px.port || 80 } : { host: bare, port: +port };
    const found = await soon(dns.promises.lookup(to.host, { all: true }));
    r.dns = at();
    if (px === null) say("lookup 0", Math.round(r.dns), ...found.map(a => a.address));
    stage = "tcp";
    let s = net.connect(to.port, to.host);
    await soon(new Promise((done, fail) => { s.once("connect", done); s.once("error", fail); }));
    r.ip = s.remoteAddress; r.port = s.remotePort; r.tcp = at();
    s.on("error", () => {});
    if (px && scheme === "https") {
      stage = "connect";
      const auth = px.username ? "Proxy-Authorization: Basic " + Buffer.from(decodeURIComponent(px.username) + ":" + decodeURIComponent(px.password)).toString("base64") + "\r\n" : "";
      s.write(`CONNECT ${name}:${port} HTTP/1.1\r\nHost: ${name}:${port}\r\n${auth}\r\n`);
      const t = await head(s, true);
      r.connect = (t.toString("latin1").match(/^HTTP\S+ (\d+)/) || [])[1] || "000";
      if (r.connect[0] !== "2") { heads(t); throw { code: "CONNECT" }; }
      s.removeAllListeners("data"); s.removeAllListeners("end"); s.removeAllListeners("close");
    }
    if (scheme === "https") {
      stage = "tls";
      const over = s;
      s = tls.connect({ socket: over, servername: net.isIP(bare) ? undefined : bare, rejectUnauthorized: false });
      await soon(new Promise((done, fail) => { s.once("secureConnect", done); s.once("error", fail); s.once("close", () => fail({ code: "CLOSED" })); }));
      r.tls = at(); r.verify = s.authorizationError || "ok";
      const c = s.getPeerCertificate(), dn = o => Object.entries(o || {}).map(([k, v]) => k + "=" + v).join(", ");
      say("issuer", dn(c.issuer)); say("subject", dn(c.subject)); say("start", c.valid_from); say("expire", c.valid_to);
      s.on("error", () => {});
    }
    stage = "http";
    const target = px && scheme === "http" ? `http://${name}:${port}${path}` : path;
    s.write(`GET ${target} HTTP/1.1\r\nHost: ${name}\r\nUser-Agent: clearway-vm\r\nAccept: */*\r\nConnection: close\r\n\r\n`);
    const t = await head(s, false), text = t.toString("latin1"), cut = text.indexOf("\r\n\r\n") + 4;
    r.first = at(); r.code = heads(t) || "000";
    if (text.length > cut) { say("bytes", text.length - cut); say("body", text.slice(cut, cut + 1000)); }
    stage = "";
  } catch (e) { error = String(e && (e.code || e.message) || e).replace(/^[^]*@/, "***@").replace(/\s+/g, "_").slice(0, 80); if (stage === "dns") say("lookup", error === "TIMEOUT" ? 124 : 2, Math.round(at())); }
  say("node", "fail=" + stage, "error=" + error, ...Object.entries(r).map(([k, v]) => k + "=" + v), "total=" + at());
  process.exit(0);
})();
