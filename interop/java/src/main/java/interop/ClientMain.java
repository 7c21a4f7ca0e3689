package interop;

import java.io.InputStream;
import java.io.StringReader;
import java.util.Arrays;
import java.util.Map;

import javax.xml.namespace.QName;
import javax.xml.transform.Source;
import javax.xml.transform.stream.StreamSource;

import org.apache.cxf.Bus;
import org.apache.cxf.BusFactory;
import org.apache.cxf.jaxws.DispatchImpl;
import org.apache.cxf.message.Message;
import org.apache.cxf.rt.security.SecurityConstants;
import org.apache.cxf.staxutils.StaxUtils;
import org.apache.cxf.transport.http.HTTPConduit;
import org.apache.cxf.ws.security.tokenstore.SecurityToken;
import org.apache.cxf.ws.security.trust.STSClient;
import org.apache.cxf.ws.security.trust.STSUtils;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.saml.SAMLKeyInfo;
import org.apache.wss4j.common.saml.SamlAssertionWrapper;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.WSDocInfo;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.handler.RequestData;
import org.apache.wss4j.dom.saml.WSSSAMLKeyInfoProcessor;
import org.apache.wss4j.dom.validate.Credential;
import org.apache.wss4j.dom.validate.SamlAssertionValidator;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

import jakarta.xml.ws.BindingProvider;
import jakarta.xml.ws.Dispatch;
import jakarta.xml.ws.Service;

/**
 * CXF's token client, one task after another. A task names an issuer and what to ask of it; its result is one line of
 * JSON with the token and what WSS4J's validator says of it. A task that also names a service presents a token there.
 */
public final class ClientMain {
    private final Peer peer;
    private final Bus bus = BusFactory.getDefaultBus();
    private final Crypto trust;

    private ClientMain(Peer peer) throws Exception {
        this.peer = peer;
        this.trust = peer.load(peer.crypto("client"));
    }

    public static void main(String[] args) throws Exception {
        Peer peer = new Peer(args);
        // CXF makes clients of its own for security contexts, which know no other settings.
        System.setProperty("javax.net.ssl.trustStore", peer.file("trust"));
        System.setProperty("javax.net.ssl.trustStoreType", "PKCS12");
        System.setProperty("javax.net.ssl.trustStorePassword", peer.get("store.password"));
        ClientMain client = new ClientMain(peer);
        int tasks = Integer.parseInt(peer.get("tasks"));
        for (int i = 0; i < tasks; i++) {
            String task = "task." + i + ".";
            Json result = new Json().put("task", peer.get(task + "name")).put("version", StsMain.version());
            try {
                client.run(task, result);
            } catch (Exception e) {
                e.printStackTrace();
                StringBuilder why = new StringBuilder();
                for (Throwable t = e; t != null; t = t.getCause()) {
                    why.append(why.length() == 0 ? "" : ": ").append(t.getMessage());
                }
                result.put("error", why);
            }
            System.out.println(result);
            System.out.flush();
        }
        System.exit(0);
    }

    private String option(String name) {
        return peer.settings.getProperty(name, "");
    }

    private void run(String task, Json result) throws Exception {
        if (option(task + "sts").isEmpty()) { // what the service demands is not an issuer's
            call(task, null, result);
            return;
        }
        SecurityToken token = issuer(task).requestSecurityToken(peer.get(task + "applies.to"));
        Document doc = token.getToken().getOwnerDocument();
        result.put("token", StaxUtils.toString(token.getToken()))
            .put("type", token.getTokenType())
            .put("secret_bits", token.getSecret() == null ? 0 : token.getSecret().length * 8)
            .put("key", token.getKey() != null)
            .put("attached", token.getAttachedReference() != null)
            .put("expires", token.getExpires());
        if ("Assertion".equals(token.getToken().getLocalName())) { // and not encrypted for the service
            verify(token, doc, option(task + "recipient"), result);
        }
        if (!option(task + "service").isEmpty()) {
            call(task, token, result);
        }
    }

    private STSClient issuer(String task) throws Exception {
        boolean old = "2005".equals(option(task + "trust"));
        STSClient c = old ? new OldClient(bus) : new STSClient(bus);
        String trust = old ? STSUtils.WST_NS_05_02 : STSUtils.WST_NS_05_12;
        if (old) {
            // The WSDL knows the actions of 1.3 only.
            c.setLocation(peer.get(task + "sts"));
            c.setSoap12();
            c.setPolicy(policy("Username"));
        } else {
            c.setWsdlLocation("classpath:/sts.wsdl");
            c.setServiceQName(new QName(StsMain.NS, "Issuer"));
            c.setEndpointQName(new QName(StsMain.NS, peer.get(task + "port")));
        }
        c.setTlsClientParameters(peer.client());
        c.setTokenType("http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#" + peer.get(task + "token"));
        c.setKeyType(old && "Bearer".equals(peer.get(task + "key"))
            ? "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey" : trust + "/" + peer.get(task + "key"));
        c.setKeySize(256);
        c.setRequiresEntropy(!"server".equals(option(task + "entropy")));
        if ("cert".equals(option(task + "usekey"))) {
            c.setUseCertificateForConfirmationKeyInfo(true);
        }
        Map<String, Object> p = c.getProperties() == null ? new java.util.HashMap<>() : c.getProperties();
        p.put(SecurityConstants.CALLBACK_HANDLER, peer.passwords());
        p.put(SecurityConstants.USERNAME, option(task + "user"));
        p.put(SecurityConstants.SIGNATURE_PROPERTIES, peer.crypto("client"));
        p.put(SecurityConstants.SIGNATURE_USERNAME, peer.keyAlias("client"));
        p.put(SecurityConstants.ENCRYPT_PROPERTIES, peer.crypto("client"));
        p.put(SecurityConstants.ENCRYPT_USERNAME, option(task + "issuer.alias"));
        p.put(SecurityConstants.STS_TOKEN_PROPERTIES, peer.crypto("client"));
        p.put(SecurityConstants.STS_TOKEN_USERNAME, peer.keyAlias("client"));
        p.put(SecurityConstants.STS_TOKEN_USE_CERT_FOR_KEYINFO, String.valueOf("cert".equals(option(task + "usekey"))));
        p.putAll(Peer.suite());
        c.setProperties(p);
        c.getRequestContext().put(Message.ENDPOINT_ADDRESS, peer.get(task + "sts"));
        return c;
    }

    /** A client that speaks WS-Trust of February 2005. */
    private static final class OldClient extends STSClient {
        OldClient(Bus bus) {
            super(bus);
            namespace = STSUtils.WST_NS_05_02;
        }
    }

    /** A policy of sts.wsdl, by its id. */
    private Element policy(String id) throws Exception {
        try (InputStream in = getClass().getResourceAsStream("/sts.wsdl")) {
            NodeList all = StaxUtils.read(in).getElementsByTagNameNS("http://www.w3.org/ns/ws-policy", "Policy");
            for (int i = 0; i < all.getLength(); i++) {
                Element e = (Element) all.item(i);
                if (id.equals(e.getAttributeNS(WSConstants.WSU_NS, "Id"))) {
                    return e;
                }
            }
        }
        throw new IllegalArgumentException("no policy " + id);
    }

    /**
     * Asks WSS4J, which looks at the signature, at who made it, at the times, and at the key that the token is bound to.
     * A symmetric key is opened with the recipient's key and must be the one that the client was given.
     */
    private void verify(SecurityToken token, Document doc, String recipient, Json result) throws Exception {
        SamlAssertionWrapper saml = new SamlAssertionWrapper(token.getToken());
        RequestData data = new RequestData();
        data.setSigVerCrypto(trust);
        data.setWssConfig(WSSConfig.getNewInstance());
        data.setWsDocInfo(new WSDocInfo(doc));
        data.setCallbackHandler(peer.passwords());
        if (!recipient.isEmpty()) {
            data.setDecCrypto(peer.load(peer.crypto(recipient)));
        }
        WSSSAMLKeyInfoProcessor keys = new WSSSAMLKeyInfoProcessor(data);
        saml.verifySignature(keys, trust);
        saml.parseSubject(keys, trust);
        SAMLKeyInfo bound = saml.getSubjectKeyInfo();
        if (bound != null && bound.getSecret() != null) {
            result.put("same_secret", Arrays.equals(bound.getSecret(), token.getSecret()));
        }
        Credential c = new Credential();
        c.setSamlAssertion(saml);
        new SamlAssertionValidator().validate(c, data);
        result.put("verified", true)
            .put("issuer", saml.getIssuerString())
            .put("subject", saml.getSubjectName())
            .put("confirmation", saml.getConfirmationMethods().get(0));
    }

    private void call(String task, SecurityToken token, Json result) throws Exception {
        Service service = Service.create(getClass().getResource("/service.wsdl"), new QName(ServiceMain.NS, "Greeter"));
        Dispatch<Source> d = service.createDispatch(
            new QName(ServiceMain.NS, peer.get(task + "service.port")), Source.class, Service.Mode.PAYLOAD);
        Map<String, Object> ctx = ((BindingProvider) d).getRequestContext();
        ctx.put(BindingProvider.ENDPOINT_ADDRESS_PROPERTY, peer.get(task + "service"));
        ctx.put(BindingProvider.SOAPACTION_USE_PROPERTY, true);
        ctx.put(BindingProvider.SOAPACTION_URI_PROPERTY, ServiceMain.NS + "/Greet");
        if (token != null) {
            ctx.put(org.apache.cxf.ws.security.SecurityConstants.TOKEN, token);
        }
        ctx.put(SecurityConstants.USERNAME, option(task + "user"));
        ctx.put(SecurityConstants.USERNAME + ".sct", option(task + "user"));
        ctx.put(SecurityConstants.CALLBACK_HANDLER + ".sct", peer.passwords());
        ctx.put(SecurityConstants.CALLBACK_HANDLER, peer.passwords());
        ctx.put(SecurityConstants.SIGNATURE_PROPERTIES, peer.crypto("client"));
        ctx.put(SecurityConstants.SIGNATURE_USERNAME, peer.keyAlias("client"));
        ctx.put(SecurityConstants.ENCRYPT_PROPERTIES, peer.crypto("client"));
        ctx.put(SecurityConstants.ENCRYPT_USERNAME, option(task + "service.alias"));
        ctx.putAll(Peer.suite());
        ((HTTPConduit) ((DispatchImpl<Source>) d).getClient().getConduit()).setTlsClientParameters(peer.client());
        Document got = null;
        for (int calls = Integer.parseInt(peer.settings.getProperty(task + "calls", "1")); calls > 0; calls--) {
            got = StaxUtils.read(d.invoke(new StreamSource(new StringReader("<g:Greet xmlns:g=\"" + ServiceMain.NS
                + "\"><g:Name>" + peer.get(task + "name") + "</g:Name></g:Greet>"))));
        }
        result.put("text", got.getElementsByTagNameNS(ServiceMain.NS, "Text").item(0).getTextContent())
            .put("caller", got.getElementsByTagNameNS(ServiceMain.NS, "Caller").item(0).getTextContent());
    }
}
