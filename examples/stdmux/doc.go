// Command stdmux is a small web application with http.ServeMux of the standard library.
//
//	go run ./examples/stdmux
//	curl -d name=ann -d password=ann-likes-tea http://127.0.0.1:8080/login/token
//
// A ServeMux has no groups: what stands before a handler is a function that is named once and
// written at each route. A route without one is open, and one sees it. What is guarded how is
// in main.go, and handlers.go has what is behind it.
//
// # Connect
//
// A handler of Connect is an http.Handler, and its methods get the context of the request:
//
//	path, handler := greetv1connect.NewGreetServiceHandler(server)
//	mux.Handle(path, private(handler)) // in a method: middleware.FromContext(ctx)
//
// Clients, those of gRPC and gRPC-Web too, read the status of a refusal as their protocol says:
// 401 is unauthenticated, 403 permission_denied, 503 unavailable. With a Denier they are told the
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
// Its ServeMux is an http.Handler as well: mux.Handle("/v1/", private(gateway)). A service that
// was registered with RegisterXHandlerServer runs in this process and finds the identity in its
// context. One behind a connection does not. The gateway passes the credentials on, as the
// metadata authorization and grpcgateway-cookie, so let that process have a guard, too: an
// interceptor asks [middleware.Guard.Check] about an http.Request that has these headers.
// Metadata that only names the user (runtime.WithMetadata) is as good as a password to whoever
// reaches that port.
package main
