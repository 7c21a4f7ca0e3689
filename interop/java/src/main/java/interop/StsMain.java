package interop;

import java.util.List;
import java.util.Map;

import javax.xml.namespace.QName;

import org.apache.cxf.Bus;
import org.apache.cxf.BusFactory;
import org.apache.cxf.jaxws.EndpointImpl;
import org.apache.cxf.rt.security.SecurityConstants;
import org.apache.cxf.sts.SignatureProperties;
import org.apache.cxf.sts.StaticSTSProperties;
import org.apache.cxf.sts.operation.TokenIssueOperation;
import org.apache.cxf.sts.service.EncryptionProperties;
import org.apache.cxf.sts.service.StaticService;
import org.apache.cxf.sts.token.delegation.SAMLDelegationHandler;
import org.apache.cxf.sts.token.provider.DefaultConditionsProvider;
import org.apache.cxf.sts.token.provider.SAMLTokenProvider;
import org.apache.cxf.sts.token.validator.SAMLTokenValidator;
import org.apache.cxf.sts.token.validator.UsernameTokenValidator;
import org.apache.cxf.ws.security.sts.provider.SecurityTokenServiceProvider;
import org.apache.wss4j.dom.WSConstants;

import jakarta.xml.ws.Provider;
import jakarta.xml.ws.Service;
import jakarta.xml.ws.ServiceMode;
import jakarta.xml.ws.WebServiceProvider;

/** The token service of CXF, one endpoint for each way of authentication in sts.wsdl. */
public final class StsMain {
    static final String NS = "urn:wstrust:interop:sts";

    private StsMain() {
    }

    /** CXF's provider under a class of our own, since the annotation has to stand on the class published. */
    @WebServiceProvider
    @ServiceMode(Service.Mode.PAYLOAD)
    public static final class Issuer extends SecurityTokenServiceProvider
        implements Provider<javax.xml.transform.Source> {
        public Issuer() throws Exception {
            super();
        }
    }

    public static void main(String[] args) throws Exception {
        Peer peer = new Peer(args);
        Bus bus = BusFactory.getDefaultBus();
        int port = peer.listen(bus);

        Json ready = new Json().put("ready", "cxf-sts").put("version", version());
        Kind plain = new Kind();
        for (String name : List.of("Username12", "Username11", "Certificate12", "Digest12", "Reference12", "Signed12")) {
            ready.put(name, publish(bus, peer, port, name, name, plain));
        }
        // The same door as Username12, and other kinds of tokens behind it.
        Kind encrypted = new Kind();
        encrypted.encryption = WSConstants.AES_256_GCM;
        ready.put("Encrypted12", publish(bus, peer, port, "Encrypted12", "Username12", encrypted));
        Kind cbc = new Kind();
        cbc.encryption = WSConstants.AES_256;
        ready.put("EncryptedCBC12", publish(bus, peer, port, "EncryptedCBC12", "Username12", cbc));
        Kind ecdsa = new Kind();
        ecdsa.signer = "sts-ec";
        ecdsa.signature = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
        ready.put("Ecdsa12", publish(bus, peer, port, "Ecdsa12", "Username12", ecdsa));
        Kind pss = new Kind();
        pss.signature = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
        ready.put("Pss12", publish(bus, peer, port, "Pss12", "Username12", pss));
        Kind sha512 = new Kind();
        sha512.signature = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
        sha512.digest = "http://www.w3.org/2001/04/xmlenc#sha512";
        ready.put("Sha512", publish(bus, peer, port, "Sha512", "Username12", sha512));
        Peer.serve(ready);
    }

    /** How tokens are signed and, if so, encrypted. */
    private static final class Kind {
        String signer = "sts";
        String signature = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
        String digest = WSConstants.SHA256;
        String encryption;
    }

    private static TokenIssueOperation operation(Peer peer, Kind kind) throws Exception {
        DefaultConditionsProvider conditions = new DefaultConditionsProvider();
        conditions.setAcceptClientLifetime(true);
        SAMLTokenProvider saml = new SAMLTokenProvider();
        saml.setConditionsProvider(conditions);
        TokenIssueOperation issue = new TokenIssueOperation();
        issue.setTokenProviders(List.of(saml));
        issue.setTokenValidators(List.of(new SAMLTokenValidator(), new UsernameTokenValidator()));
        issue.setDelegationHandlers(List.of(new SAMLDelegationHandler()));
        issue.setServices(List.of(service(peer, kind)));
        issue.setStsProperties(properties(peer, kind));
        issue.setReturnReferences(true);
        issue.setEncryptIssuedToken(kind.encryption != null);
        return issue;
    }

    private static String publish(Bus bus, Peer peer, int port, String path, String name, Kind kind)
        throws Exception {
        Issuer issuer = new Issuer();
        issuer.setIssueOperation(operation(peer, kind));
        EndpointImpl e = new EndpointImpl(bus, issuer, null, "classpath:/sts.wsdl");
        e.setServiceName(new QName(NS, "Issuer"));
        e.setEndpointName(new QName(NS, name));
        e.setProperties(security(peer));
        String address = "https://localhost:" + port + "/sts/" + path;
        e.publish(address);
        return address;
    }

    private static Map<String, Object> security(Peer peer) {
        return Map.of(
            SecurityConstants.CALLBACK_HANDLER, peer.passwords(),
            SecurityConstants.SIGNATURE_PROPERTIES, peer.crypto("sts"),
            SecurityConstants.ENCRYPT_USERNAME, "useReqSigCert",
            org.apache.cxf.ws.security.SecurityConstants.ASYMMETRIC_SIGNATURE_ALGORITHM,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
    }

    private static StaticService service(Peer peer, Kind kind) {
        StaticService s = new StaticService();
        s.setEndpoints(List.of(peer.get("applies.to")));
        EncryptionProperties e = new EncryptionProperties();
        e.setEncryptionName("service");
        if (kind.encryption != null) {
            e.setEncryptionAlgorithm(kind.encryption);
        }
        s.setEncryptionProperties(e);
        return s;
    }

    private static StaticSTSProperties properties(Peer peer, Kind kind) throws Exception {
        StaticSTSProperties p = new StaticSTSProperties();
        p.setIssuer("urn:wstrust:interop:cxf");
        p.setCallbackHandler(peer.passwords());
        p.setSignatureCrypto(peer.load(peer.crypto(kind.signer)));
        p.setSignatureUsername(peer.keyAlias(kind.signer));
        p.setEncryptionCrypto(peer.load(peer.recipients()));
        p.setEncryptionUsername("service");
        SignatureProperties how = new SignatureProperties();
        how.setSignatureAlgorithm(kind.signature);
        how.setDigestAlgorithm(kind.digest);
        how.setAcceptedSignatureAlgorithms(List.of(kind.signature));
        p.setSignatureProperties(how);
        // A caller may bring a key made for this one token; it has no certificate that we could trust.
        p.setValidateUseKey(false);
        return p;
    }

    static String version() {
        return org.apache.cxf.version.Version.getCurrentVersion();
    }
}
