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
        for (String name : List.of("Username12", "Username11", "Certificate12", "Digest12", "Reference12", "Signed12")) {
            ready.put(name, publish(bus, peer, port, name, name, operation(peer, false)));
        }
        // The same door as Username12; what is issued behind it only the service can read.
        ready.put("Encrypted12", publish(bus, peer, port, "Encrypted12", "Username12", operation(peer, true)));
        Peer.serve(ready);
    }

    private static TokenIssueOperation operation(Peer peer, boolean encrypt) throws Exception {
        DefaultConditionsProvider conditions = new DefaultConditionsProvider();
        conditions.setAcceptClientLifetime(true);
        SAMLTokenProvider saml = new SAMLTokenProvider();
        saml.setConditionsProvider(conditions);
        TokenIssueOperation issue = new TokenIssueOperation();
        issue.setTokenProviders(List.of(saml));
        issue.setTokenValidators(List.of(new SAMLTokenValidator(), new UsernameTokenValidator()));
        issue.setDelegationHandlers(List.of(new SAMLDelegationHandler()));
        issue.setServices(List.of(service(peer)));
        issue.setStsProperties(properties(peer));
        issue.setReturnReferences(true);
        issue.setEncryptIssuedToken(encrypt);
        return issue;
    }

    private static String publish(Bus bus, Peer peer, int port, String path, String name, TokenIssueOperation issue)
        throws Exception {
        Issuer issuer = new Issuer();
        issuer.setIssueOperation(issue);
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

    private static StaticService service(Peer peer) {
        StaticService s = new StaticService();
        s.setEndpoints(List.of(peer.get("applies.to")));
        EncryptionProperties e = new EncryptionProperties();
        e.setEncryptionName("service");
        s.setEncryptionProperties(e);
        return s;
    }

    private static StaticSTSProperties properties(Peer peer) throws Exception {
        StaticSTSProperties p = new StaticSTSProperties();
        p.setIssuer("urn:wstrust:interop:cxf");
        p.setCallbackHandler(peer.passwords());
        p.setSignatureCrypto(peer.load(peer.crypto("sts")));
        p.setSignatureUsername(peer.keyAlias("sts"));
        p.setEncryptionCrypto(peer.load(peer.recipients()));
        p.setEncryptionUsername("service");
        p.setSignatureProperties(new SignatureProperties());
        // A caller may bring a key made for this one token; it has no certificate that we could trust.
        p.setValidateUseKey(false);
        return p;
    }

    static String version() {
        return org.apache.cxf.version.Version.getCurrentVersion();
    }
}
