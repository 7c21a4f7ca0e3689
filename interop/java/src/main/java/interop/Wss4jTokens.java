package interop;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;

import org.apache.wss4j.common.saml.SAMLCallback;
import org.apache.wss4j.common.saml.SamlAssertionWrapper;
import org.apache.wss4j.common.saml.bean.AttributeBean;
import org.apache.wss4j.common.saml.bean.AttributeStatementBean;
import org.apache.wss4j.common.saml.bean.AudienceRestrictionBean;
import org.apache.wss4j.common.saml.bean.ConditionsBean;
import org.apache.wss4j.common.saml.bean.KeyInfoBean;
import org.apache.wss4j.common.saml.bean.KeyInfoBean.CERT_IDENTIFIER;
import org.apache.wss4j.common.saml.bean.SubjectBean;
import org.apache.wss4j.common.saml.bean.Version;
import org.apache.wss4j.common.saml.builder.SAML1Constants;
import org.apache.wss4j.common.saml.builder.SAML2Constants;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.crypto.CryptoType;
import org.apache.wss4j.common.token.BinarySecurity;
import org.apache.wss4j.common.token.SecurityTokenReference;
import org.apache.wss4j.common.token.X509Security;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.message.WSSecEncryptedKey;
import org.apache.wss4j.dom.message.WSSecHeader;
import org.apache.wss4j.dom.message.WSSecSAMLToken;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** The assertions of a request, and the references that WSS4J does not write by itself. */
final class Wss4jTokens {
    final boolean saml11;
    SamlAssertionWrapper assertion;
    /** The proof key, where the assertion has a symmetric one. */
    byte[] secret;

    private final Peer peer;
    private final Wss4jRequest q;
    private final Document doc;
    private WSSecSAMLToken token;

    Wss4jTokens(Peer peer, Wss4jRequest q, Document doc) {
        this.peer = peer;
        this.q = q;
        this.doc = doc;
        this.saml11 = q.get("saml.version", "2.0").equals("1.1");
    }

    /** Makes the assertion: about alice, signed by the issuer unless somebody vouches. */
    void assertion() throws Exception {
        SAMLCallback c = new SAMLCallback();
        c.setSamlVersion(saml11 ? Version.SAML_11 : Version.SAML_20);
        c.setIssuer(q.get("issuer"));
        String kind = q.get("saml");
        SubjectBean subject = new SubjectBean("alice", "", method(kind));
        c.setSubject(subject);
        ConditionsBean conditions = new ConditionsBean(Instant.now().minusSeconds(5), Instant.now().plusSeconds(600));
        conditions.setAudienceRestrictions(List.of(new AudienceRestrictionBean(List.of(q.get("audience")))));
        c.setConditions(conditions);
        AttributeBean role = new AttributeBean("role", saml11 ? "urn:ns" : "urn:role", List.of((Object) "clerk"));
        role.setSimpleName("role");
        c.setAttributeStatementData(List.of(new AttributeStatementBean(subject, List.of(role))));
        if (kind.equals("certificate") || kind.equals("public")) {
            KeyInfoBean key = new KeyInfoBean();
            key.setCertificate(certificate("client"));
            key.setCertIdentifer(kind.equals("public") ? CERT_IDENTIFIER.KEY_VALUE : CERT_IDENTIFIER.X509_CERT);
            subject.setKeyInfo(key);
        } else if (kind.equals("symmetric")) {
            subject.setKeyInfo(symmetric());
        }
        assertion = new SamlAssertionWrapper(c);
        if (!kind.startsWith("vouched")) {
            Crypto issuer = peer.load(peer.crypto("issuer"));
            assertion.signAssertion(peer.keyAlias("issuer"), peer.get("store.password"), issuer, false,
                "http://www.w3.org/2001/10/xml-exc-c14n#", WSConstants.RSA_SHA256, WSConstants.SHA256);
        }
    }

    private String method(String kind) {
        switch (kind) {
            case "bearer":
                return saml11 ? SAML1Constants.CONF_BEARER : SAML2Constants.CONF_BEARER;
            case "vouched":
            case "vouched-direct":
                return saml11 ? SAML1Constants.CONF_SENDER_VOUCHES : SAML2Constants.CONF_SENDER_VOUCHES;
            default:
                return saml11 ? SAML1Constants.CONF_HOLDER_KEY : SAML2Constants.CONF_HOLDER_KEY;
        }
    }

    private KeyInfoBean symmetric() throws Exception {
        KeyGenerator g = KeyGenerator.getInstance("AES");
        g.init(256);
        SecretKey fresh = g.generateKey();
        secret = fresh.getEncoded();
        WSSecEncryptedKey k = new WSSecEncryptedKey(doc);
        k.setUserInfo(peer.keyAlias("service"));
        k.setKeyIdentifierType(WSConstants.THUMBPRINT_IDENTIFIER);
        k.setKeyEncAlgo(WSConstants.KEYTRANSPORT_RSAOAEP);
        k.prepare(peer.load(peer.crypto("service")), fresh);
        Element info = doc.createElementNS(WSConstants.SIG_NS, "ds:KeyInfo");
        info.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:ds", WSConstants.SIG_NS);
        info.appendChild(k.getEncryptedKeyElement());
        KeyInfoBean key = new KeyInfoBean();
        key.setElement(info);
        return key;
    }

    /** Puts the assertion first in the header. */
    void put(WSSecHeader header) {
        token = new WSSecSAMLToken(header);
        token.build(assertion);
    }

    /** The assertion in the header. */
    Element element() {
        try {
            return token.getElement();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** A reference with the certificate's token inside. */
    Element embedded(X509Certificate certificate) throws Exception {
        BinarySecurity bst = new X509Security(doc);
        ((X509Security) bst).setX509Certificate(certificate);
        Element in = doc.createElementNS(WSConstants.WSSE_NS, "wsse:Embedded");
        in.appendChild(bst.getElement());
        SecurityTokenReference str = new SecurityTokenReference(doc);
        str.addWSSENamespace();
        str.getElement().appendChild(in);
        return info(str.getElement());
    }

    /** A reference with the assertion inside, which is in no other place. */
    Element embeddedAssertion() throws Exception {
        Element in = doc.createElementNS(WSConstants.WSSE_NS, "wsse:Embedded");
        in.appendChild(assertion.toDOM(doc));
        SecurityTokenReference str = new SecurityTokenReference(doc);
        str.addWSSENamespace();
        str.addTokenType(saml11 ? WSConstants.WSS_SAML_TOKEN_TYPE : WSConstants.WSS_SAML2_TOKEN_TYPE);
        str.getElement().appendChild(in);
        return info(str.getElement());
    }

    /** A name, and no reference. */
    Element keyName(String of) {
        Element name = doc.createElementNS(WSConstants.SIG_NS, "ds:KeyName");
        name.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:ds", WSConstants.SIG_NS);
        name.appendChild(doc.createTextNode(of));
        return info(name);
    }

    /** WSS4J takes the children of a custom KeyInfo. */
    private Element info(Element child) {
        Element info = doc.createElementNS(WSConstants.SIG_NS, "ds:KeyInfo");
        info.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:ds", WSConstants.SIG_NS);
        info.appendChild(child);
        return info;
    }

    private X509Certificate certificate(String store) throws Exception {
        Crypto crypto = peer.load(peer.crypto(store));
        CryptoType t = new CryptoType(CryptoType.TYPE.ALIAS);
        t.setAlias(peer.keyAlias(store));
        return crypto.getX509Certificates(t)[0];
    }
}
