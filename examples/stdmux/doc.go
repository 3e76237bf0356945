// Command stdmux is a small web application with http.ServeMux of the standard library.
//
//	go run ./examples/stdmux
//	curl -d name=ann -d password=ann-likes-tea http://127.0.0.1:8080/login/token
//
// A ServeMux has no groups: the middleware of a route is a function, defined once and written at
// each route. A route without one is open, which is easy to see. main.go says which route has which
// guard; handlers.go has the handlers.
//
// # Connect
//
// A handler of Connect is an http.Handler, and its methods receive the context of the request:
//
//	path, handler := greetv1connect.NewGreetServiceHandler(server)
//	mux.Handle(path, private(handler)) // in a method: middleware.FromContext(ctx)
//
// Clients, including those of gRPC and gRPC-Web, map the status of a refusal as their protocol says:
// 401 is unauthenticated, 403 permission_denied, 503 unavailable. With a Denier they receive the
// title as well:
//
//	errs := connect.NewErrorWriter()
//	codes := map[int]connect.Code{
//		400: connect.CodeInvalidArgument, 401: connect.CodeUnauthenticated,
//		403: connect.CodePermissionDenied, 503: connect.CodeUnavailable,
//	}
//	denier := middleware.DenierFunc(func(w http.ResponseWriter, r *http.Request, d middleware.Denial) {
//		if !errs.IsSupported(r) {
//			middleware.Problem(w, r, d)
//			return
//		}
//		_ = errs.Write(w, r, connect.NewError(codes[d.Status], errors.New(d.Title)))
//	})
//
// # gRPC-Gateway
//
// Its ServeMux is an http.Handler too: mux.Handle("/v1/", private(gateway)). A service that was
// registered with RegisterXHandlerServer runs in this process and finds the identity in its context.
// A service behind a connection does not. The gateway forwards the credentials as the metadata
// authorization and grpcgateway-cookie, so give that process a guard of its own: an interceptor that
// calls [middleware.Guard.Check] with an http.Request that has these headers. Metadata that only
// names the user (runtime.WithMetadata) lets anyone who reaches that port be any user.
package main
