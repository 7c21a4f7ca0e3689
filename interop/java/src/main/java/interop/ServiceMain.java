package interop;

import java.io.StringReader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import javax.xml.namespace.QName;
import javax.xml.transform.Source;
import javax.xml.transform.stream.StreamSource;

import org.apache.cxf.Bus;
import org.apache.cxf.BusFactory;
import org.apache.cxf.jaxws.EndpointImpl;
import org.apache.cxf.rt.security.SecurityConstants;
import org.apache.cxf.staxutils.StaxUtils;
import org.w3c.dom.Document;

import jakarta.annotation.Resource;
import jakarta.xml.ws.Provider;
import jakarta.xml.ws.Service;
import jakarta.xml.ws.ServiceMode;
import jakarta.xml.ws.WebServiceContext;
import jakarta.xml.ws.WebServiceProvider;

/** A service of CXF that greets whoever shows a token; one endpoint for each kind of token in service.wsdl. */
public final class ServiceMain {
    static final String NS = "urn:wstrust:interop:greeter";
    static final List<String> PORTS = List.of(
        "Bearer20", "Bearer11", "Symmetric20", "Symmetric11", "Public20", "Public11",
        "Context", "Context2005", "Sealed", "Shared");

    private ServiceMain() {
    }

    /** Says who asked, as the security layer understood it. */
    @WebServiceProvider
    @ServiceMode(Service.Mode.PAYLOAD)
    public static final class Greeter implements Provider<Source> {
        @Resource
        private WebServiceContext context;

        @Override
        public Source invoke(Source request) {
            try {
                Document in = StaxUtils.read(request);
                String name = in.getElementsByTagNameNS(NS, "Name").item(0).getTextContent();
                Document out = org.apache.cxf.helpers.DOMUtils.createDocument();
                var root = out.createElementNS(NS, "g:GreetResponse");
                var text = out.createElementNS(NS, "g:Text");
                var who = out.createElementNS(NS, "g:Caller");
                text.setTextContent("hello " + name);
                who.setTextContent(context.getUserPrincipal() == null ? "" : context.getUserPrincipal().getName());
                root.appendChild(text);
                root.appendChild(who);
                out.appendChild(root);
                return new StreamSource(new StringReader(StaxUtils.toString(root)));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    public static void main(String[] args) throws Exception {
        Peer peer = new Peer(args);
        Bus bus = BusFactory.getDefaultBus();
        int port = peer.listen(bus);
        Json ready = new Json().put("ready", "cxf-service").put("version", StsMain.version());
        for (String name : PORTS) {
            EndpointImpl e = new EndpointImpl(bus, new Greeter(), null, "classpath:/service.wsdl");
            e.setServiceName(new QName(NS, "Greeter"));
            e.setEndpointName(new QName(NS, name));
            Map<String, Object> security = new HashMap<>(Peer.suite());
            security.put(SecurityConstants.CALLBACK_HANDLER, peer.passwords());
            security.put(SecurityConstants.SIGNATURE_PROPERTIES, peer.crypto("service"));
            security.put(SecurityConstants.SIGNATURE_USERNAME, peer.keyAlias("service"));
            security.put(SecurityConstants.ENCRYPT_USERNAME, "useReqSigCert");
            e.setProperties(security);
            String address = "https://localhost:" + port + "/greeter/" + name;
            e.publish(address);
            ready.put(name, address);
        }
        Peer.serve(ready);
    }
}
