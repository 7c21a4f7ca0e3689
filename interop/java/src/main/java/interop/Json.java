package interop;

/** One JSON object of strings and booleans on one line. */
final class Json {
    private final StringBuilder out = new StringBuilder("{");

    Json put(String name, Object value) {
        if (value == null) {
            return this;
        }
        if (out.length() > 1) {
            out.append(',');
        }
        quote(name);
        out.append(':');
        if (value instanceof Boolean || value instanceof Integer) {
            out.append(value);
        } else {
            quote(value.toString());
        }
        return this;
    }

    private void quote(String s) {
        out.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20 || c > 0x7e) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    @Override
    public String toString() {
        return out + "}";
    }
}
