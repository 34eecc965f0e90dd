use http::HeaderMap;
use pingora_http::RequestHeader;
use serde_json::{json, Map, Value};

use crate::identity::Identity;

pub fn body(request: &RequestHeader, identity: &Identity) -> Value {
    json!({
        "method": request.method.as_str(),
        "path": request.uri.path_and_query().map_or("/", |path| path.as_str()),
        "headers": headers(&request.headers),
        "release": identity.release,
        "pid": identity.pid(),
    })
}

/// Repeated headers are joined, as a list.
fn headers(map: &HeaderMap) -> Value {
    let values = map.keys().map(|name| {
        let all: Vec<_> = map.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (name.to_string(), Value::from(all.join(", ")))
    });
    Value::Object(Map::from_iter(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_what_was_asked() {
        let mut request = RequestHeader::build("POST", b"/a?b=1", None).unwrap();
        request.append_header("x-a", "1").unwrap();
        request.append_header("x-a", "2").unwrap();
        let body = body(&request, &Identity::new("r1".into(), false, String::new()));
        assert_eq!((body["method"].as_str(), body["path"].as_str()), (Some("POST"), Some("/a?b=1")));
        assert_eq!(body["headers"]["x-a"], "1, 2");
        assert_eq!(body["release"], "r1");
    }
}
