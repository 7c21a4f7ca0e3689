// Verifiers of signed XML with known faults, and the same with the faults mended. Each line of
// standard input is a question {control, edition, kind, xml, certs}; each line of standard
// output is what the verifier gave to its application, or why it refused.
"use strict";
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const { DOMParser } = require("@xmldom/xmldom");
const xpath = require("xpath");

// What parsers complain about is in the answers.
console.error = console.warn = () => {};

const DS = "http://www.w3.org/2000/09/xmldsig#";
const parse = (xml) => new DOMParser().parseFromString(xml, "text/xml");
const named = (name) => `*[local-name(.)='${name}']`;

// Where an application finds what it reads: the element that must be signed, and the value in it.
const fields = {
  scope: ["Body", "Address"], created: ["Timestamp", "Created"], to: ["To"], action: ["Action"],
  user: ["Assertion", "NameID"], user11: ["Assertion", "NameIdentifier"], role: ["Assertion", "AttributeValue"], audience: ["Assertion", "Audience"],
};
const places = { Body: "/*/", Timestamp: `/*/${named("Header")}/${named("Security")}/`, To: `/*/${named("Header")}/`, Action: `/*/${named("Header")}/` };

function values(elementOf) {
  const read = {};
  for (const [field, [part, inside]] of Object.entries(fields)) {
    const element = elementOf(part);
    const value = element && (inside ? xpath.select1(`.//${named(inside)}`, element) : element);
    const key = field.replace("11", "");
    if (value && !(key in read)) read[key] = value.textContent;
  }
  return read;
}

// xml-crypto: the signature of the message, or the first; then the elements that it validated.
function xmlCrypto({ SignedXml }, q) {
  const doc = parse(q.xml);
  const signature = xpath.select1(q.kind === "message"
    ? `/*/${named("Header")}/${named("Security")}/*[local-name(.)='Signature' and namespace-uri(.)='${DS}']`
    : `//*[local-name(.)='Signature' and namespace-uri(.)='${DS}']`, doc);
  if (!signature) throw new Error("no signature");
  const sig = new SignedXml({ publicCert: q.certs[0], getCertFromKeyInfo: () => null, idAttribute: q.xml.includes("AssertionID=") ? "AssertionID" : undefined });
  sig.loadSignature(signature);
  if (!sig.checkSignature(q.xml)) throw new Error("not valid");
  if (q.edition === "mended") { // its way since the fault was mended: read what was digested, and nothing else
    const roots = sig.getSignedReferences().map((xml) => parse(xml).documentElement);
    return values((part) => roots.map((r) => (r.localName === part ? r : xpath.select1(`.//${named(part)}`, r))).find(Boolean));
  }
  return values((part) => {
    const element = xpath.select1(`${places[part] || "//"}${named(part)}`, doc);
    if (!element) return undefined;
    try {
      sig.validateElementAgainstReferences(element, doc);
      return element;
    } catch {
      // A response that is signed as a whole has the assertion in it.
      if (element === doc.documentElement || part !== "Assertion") return undefined;
      try {
        sig.validateElementAgainstReferences(doc.documentElement, doc);
        return element;
      } catch {
        return undefined;
      }
    }
  });
}

// samlify: the signature check and the extraction of its login flow.
function samlify(m, q) {
  const file = path.join(fs.mkdtempSync(path.join(process.env.TMPDIR || "/tmp", "control-")), "cert.pem");
  fs.writeFileSync(file, q.certs[0]);
  try {
    const [verified, assertion] = m.SamlLib.verifySignature(q.xml, { keyFile: file, signatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" });
    if (!verified) throw new Error("not valid");
    const got = m.Extractor.extract(q.xml, m.Extractor.loginResponseFields(assertion));
    return { user: text(got.nameID), audience: text(got.audience), role: text(got.attributes && Object.values(got.attributes)[0]) };
  } finally {
    fs.rmSync(path.dirname(file), { recursive: true });
  }
}

// A value is text, or there is none.
const text = (v) => (Array.isArray(v) ? v.find((x) => typeof x === "string") : typeof v === "string" ? v : undefined);

// node-saml: its login flow.
async function nodeSaml({ SAML }, q) {
  const saml = new SAML({
    idpCert: q.certs, issuer: "https://orders.example.com/", audience: false, callbackUrl: "https://orders.example.com/acs",
    wantAuthnResponseSigned: false, wantAssertionsSigned: false,
  });
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: Buffer.from(q.xml).toString("base64") });
  const role = profile.attributes && Object.values(profile.attributes)[0];
  return { user: profile.nameID, role: text(role) };
}

const controls = { "xml-crypto": xmlCrypto, samlify, "node-saml": nodeSaml };

async function main() {
  console.log(JSON.stringify({ ready: Object.keys(controls) }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const q = JSON.parse(line);
    q.xml = Buffer.from(q.xml, "base64").toString("utf8");
    let answer;
    try {
      answer = { read: await controls[q.control](require(`${q.control}-${q.edition}`), q) };
    } catch (err) {
      answer = { error: String(err && err.message ? err.message : err).slice(0, 300) };
    }
    console.log(JSON.stringify(answer));
  }
}

main();
