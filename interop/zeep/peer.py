"""zeep, one request a line on standard input, one answer a line on standard output."""

import base64
import datetime
import importlib.metadata
import json
import os
import sys
import tempfile

import requests
import xmlsec
import zeep
from lxml import etree
from zeep import ns
from zeep.plugins import HistoryPlugin
from zeep.transports import Transport
from zeep.wsa import WsAddressingPlugin
from zeep.wsse import signature, username, utils
from zeep.wsse.compose import Compose


def timestamp():
    """A Timestamp as zeep's manual makes it."""
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp = utils.WSU.Timestamp()
    form = "%Y-%m-%dT%H:%M:%SZ"
    stamp.extend([utils.WSU.Created(now.strftime(form)), utils.WSU.Expires((now + datetime.timedelta(minutes=5)).strftime(form))])
    return stamp


class Header:
    """Puts elements into the Security header: zeep's place for what it does not make itself."""

    def __init__(self, *elements):
        self.elements = elements

    def apply(self, envelope, headers):
        security = utils.get_security_header(envelope)
        for element in self.elements:
            security.append(element)
        return envelope, headers

    def verify(self, envelope):
        pass


class Peer:
    """Signs as one, and verifies as another, or nothing: zeep's own signature does both with one certificate."""

    def __init__(self, own, other):
        self.apply = own.apply
        self.verify = other.verify if other else lambda envelope: None


def transform(name):
    return getattr(xmlsec.Transform, name) if name else None


def signer(q, folder):
    methods = {"signature_method": transform(q.get("method")), "digest_method": transform(q.get("digest"))}
    if q["signature"] == "MemorySignature":
        own = signature.MemorySignature(q["key"].encode(), q["cert"].encode(), None, **methods)
    else:
        files = []
        for name in ("key", "cert"):
            files.append(os.path.join(folder, name + ".pem"))
            with open(files[-1], "w", encoding="ascii") as f:
                f.write(q[name])
        own = getattr(signature, q["signature"])(*files, None, **methods)
    if q.get("peer"):
        return Peer(own, signature.MemorySignature(b"", q["peer"].encode()))
    return Peer(own, None) if q.get("unverified") else own


def security(q, folder):
    parts = []
    if q.get("token"):
        parts.append(Header(etree.fromstring(q["token"].encode())))
    if q.get("user"):
        parts.append(username.UsernameToken(
            q["user"], q["password"], use_digest=q.get("use_digest", False), zulu_timestamp=q.get("zulu", False),
            timestamp_token=None if q.get("bare") else timestamp()))
    elif not q.get("bare"):
        parts.append(Header(timestamp()))
    if q.get("signature"):
        parts.append(signer(q, folder))
    return parts


def call(q):
    with tempfile.TemporaryDirectory() as folder:
        wsdl, ca = os.path.join(folder, "orders.wsdl"), os.path.join(folder, "ca.pem")
        for name, text in ((wsdl, q["wsdl"]), (ca, q["ca"])):
            with open(name, "w", encoding="utf-8") as f:
                f.write(text)
        session = requests.Session()
        session.trust_env = False
        session.verify = ca
        history = HistoryPlugin()
        plugins = [WsAddressingPlugin()] if q.get("addressing") else []
        client = zeep.Client(wsdl, wsse=Compose(security(q, folder)), transport=Transport(session=session, cache=None), plugins=plugins + [history])
        got = client.bind("Orders", q["port"]).Get(ID=q["id"])
        return {"address": got.Address, "caller": got.Caller, "reply": etree.tostring(history.last_received["envelope"]).decode()}


def verify(q):
    """verify_envelope takes a file's name; what it does with the certificate is this."""
    with tempfile.NamedTemporaryFile(suffix=".pem") as f:
        f.write(q["cert"].encode())
        f.flush()
        signature.verify_envelope(etree.fromstring(base64.b64decode(q["xml"])), f.name)
    return {}


OPERATIONS = {"call": call, "verify": verify}


def main():
    versions = {name: importlib.metadata.version(name) for name in ("zeep", "xmlsec", "lxml")}
    print(json.dumps({"versions": versions, "libxmlsec1": ".".join(map(str, xmlsec.get_libxmlsec_version()))}), flush=True)
    for line in sys.stdin:
        q = json.loads(line)
        try:
            answer = OPERATIONS[q["op"]](q)
        except Exception as err:  # whatever it is, the other side is told
            answer = {"error": f"{type(err).__module__}.{type(err).__name__}: {err}"[:500]}
        print(json.dumps(answer), flush=True)


main()
