// What a proxy script may call, as browsers offer it. `resolve`, `own` and `now` are the host's:
// the addresses of a name (or nothing), the address of this device, milliseconds since 1970.
(function (host) {
  "use strict";
  var resolve = host.resolve, own = host.own, now = host.now;
  var DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
  var MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

  function text(value) {
    return String(value);
  }

  function octets(value) {
    var parts = text(value).split(".");
    if (parts.length !== 4) return null;
    for (var i = 0; i < 4; i++) {
      if (!/^[0-9]{1,3}$/.test(parts[i]) || Number(parts[i]) > 255) return null;
      parts[i] = Number(parts[i]);
    }
    return parts;
  }

  function number(value) {
    var parts = octets(value);
    return parts ? ((parts[0] << 24) | (parts[1] << 16) | (parts[2] << 8) | parts[3]) >>> 0 : null;
  }

  // The eight groups of an IPv6 address; nothing for other text.
  function groups(value) {
    value = text(value);
    var tail = /^(.*:)([0-9.]+)$/.exec(value);
    if (tail && tail[2].indexOf(".") > 0) {
      var v4 = number(tail[2]);
      if (v4 === null) return null;
      value = tail[1] + (v4 >>> 16).toString(16) + ":" + (v4 & 65535).toString(16);
    }
    var halves = value.split("::");
    if (halves.length > 2) return null;
    var head = halves[0] ? halves[0].split(":") : [];
    var rest = halves.length > 1 && halves[1] ? halves[1].split(":") : [];
    var gap = 8 - head.length - rest.length;
    if (halves.length > 1 ? gap < 1 : gap !== 0) return null;
    for (var i = 0; i < gap; i++) head.push("0");
    head = head.concat(rest);
    for (i = 0; i < 8; i++) {
      if (!/^[0-9a-f]{1,4}$/i.test(head[i])) return null;
      head[i] = parseInt(head[i], 16);
    }
    return head;
  }

  function addresses(name) {
    // What a failed lookup gave is no name.
    if (name === null || name === undefined) return [];
    name = text(name);
    if (octets(name) || groups(name)) return [name];
    return resolve(name);
  }

  function firstV4(name) {
    var all = addresses(name);
    for (var i = 0; i < all.length; i++) if (octets(all[i])) return all[i];
    return null;
  }

  function withoutGmt(given) {
    var all = Array.prototype.slice.call(given);
    var gmt = all.length > 0 && text(all[all.length - 1]).toUpperCase() === "GMT";
    if (gmt) all.pop();
    return { gmt: gmt, all: all };
  }

  function within(low, at, high) {
    return low <= high ? low <= at && at <= high : at >= low || at <= high;
  }

  var helpers = {
    alert: function () {},
    isPlainHostName: function (name) {
      return text(name).indexOf(".") < 0 && text(name).indexOf(":") < 0;
    },
    dnsDomainIs: function (name, domain) {
      name = text(name).toLowerCase();
      domain = text(domain).toLowerCase();
      return name.length >= domain.length && name.substring(name.length - domain.length) === domain;
    },
    localHostOrDomainIs: function (name, full) {
      name = text(name).toLowerCase();
      full = text(full).toLowerCase();
      return name === full || (name.indexOf(".") < 0 && full.indexOf(name + ".") === 0);
    },
    dnsDomainLevels: function (name) {
      return text(name).split(".").length - 1;
    },
    isResolvable: function (name) {
      return firstV4(name) !== null;
    },
    isResolvableEx: function (name) {
      return addresses(name).length > 0;
    },
    dnsResolve: function (name) {
      return firstV4(name);
    },
    dnsResolveEx: function (name) {
      return addresses(name).join(";");
    },
    myIpAddress: function () {
      return own();
    },
    myIpAddressEx: function () {
      return own();
    },
    convert_addr: function (address) {
      return number(address) || 0;
    },
    isInNet: function (name, pattern, mask) {
      var address = firstV4(name), net = number(pattern), bits = number(mask);
      if (address === null || net === null || bits === null) return false;
      return (number(address) & bits) === (net & bits);
    },
    isInNetEx: function (name, prefix) {
      var parts = text(prefix).split("/"), length = Number(parts[1]);
      var v4 = octets(parts[0]) !== null, size = v4 ? 32 : 128;
      if (parts.length !== 2 || !(length >= 0 && length <= size)) return false;
      var wide = function (address) {
        var v6 = groups(address);
        return v4 ? (octets(address) ? [number(address) >>> 16, number(address) & 65535] : null) : v6;
      };
      var net = wide(parts[0]), all = addresses(name);
      if (net === null) return false;
      for (var i = 0; i < all.length; i++) {
        var address = wide(all[i]), same = address !== null;
        for (var g = 0; same && g < net.length; g++) {
          var left = Math.min(16, Math.max(0, length - 16 * g));
          same = address[g] >>> (16 - left) === net[g] >>> (16 - left);
        }
        if (same) return true;
      }
      return false;
    },
    sortIpAddressList: function (list) {
      return text(list).split(";").filter(function (a) { return a; }).sort().join(";");
    },
    getClientVersion: function () {
      return "1.0";
    },
    // A star is any text, a question mark any character, all else itself. No regular expression:
    // the time this takes grows with the product of the lengths at most.
    shExpMatch: function (value, pattern) {
      value = text(value);
      pattern = text(pattern);
      var v = 0, p = 0, star = -1, mark = 0;
      while (v < value.length) {
        if (p < pattern.length && pattern.charAt(p) === "*") {
          star = p++;
          mark = v;
        } else if (p < pattern.length && (pattern.charAt(p) === "?" || pattern.charAt(p) === value.charAt(v))) {
          v++;
          p++;
        } else if (star >= 0) {
          p = star + 1;
          v = ++mark;
        } else {
          return false;
        }
      }
      while (p < pattern.length && pattern.charAt(p) === "*") p++;
      return p === pattern.length;
    },
    weekdayRange: function () {
      var given = withoutGmt(arguments), date = new Date(now);
      var day = given.gmt ? date.getUTCDay() : date.getDay();
      var from = DAYS.indexOf(text(given.all[0]).toUpperCase());
      var to = given.all.length > 1 ? DAYS.indexOf(text(given.all[1]).toUpperCase()) : from;
      return from >= 0 && to >= 0 && within(from, day, to);
    },
    dateRange: function () {
      var given = withoutGmt(arguments), date = new Date(now), all = given.all;
      var today = {
        y: given.gmt ? date.getUTCFullYear() : date.getFullYear(),
        m: given.gmt ? date.getUTCMonth() : date.getMonth(),
        d: given.gmt ? date.getUTCDate() : date.getDate(),
      };
      function bound(parts) {
        var found = {};
        for (var i = 0; i < parts.length; i++) {
          var month = MONTHS.indexOf(text(parts[i]).toUpperCase()), value = parseInt(parts[i], 10);
          if (month >= 0) found.m = month;
          else if (value > 31) found.y = value;
          else if (value > 0) found.d = value;
          else return null;
        }
        return found;
      }
      var half = all.length > 1 ? Math.floor(all.length / 2) : all.length;
      var low = bound(all.slice(0, half)), high = all.length > 1 ? bound(all.slice(half)) : low;
      if (all.length === 0 || low === null || high === null) return false;
      function value(bound) {
        var sum = 0;
        if ("y" in low) sum += bound.y * 10000;
        if ("m" in low) sum += bound.m * 100;
        if ("d" in low) sum += bound.d;
        return sum;
      }
      return within(value(low), value(today), value(high));
    },
    timeRange: function () {
      var given = withoutGmt(arguments), date = new Date(now), t = given.all.map(Number);
      var h = given.gmt ? date.getUTCHours() : date.getHours();
      var m = given.gmt ? date.getUTCMinutes() : date.getMinutes();
      var s = given.gmt ? date.getUTCSeconds() : date.getSeconds();
      var at = h * 3600 + m * 60 + s;
      switch (t.length) {
        case 1: return h === t[0];
        case 2: return within(t[0], h, t[1]);
        case 4: return within(t[0] * 3600 + t[1] * 60, at, t[2] * 3600 + t[3] * 60 + 59);
        case 6: return within(t[0] * 3600 + t[1] * 60 + t[2], at, t[3] * 3600 + t[4] * 60 + t[5]);
        default: return false;
      }
    },
  };
  for (var name in helpers) globalThis[name] = helpers[name];
})
