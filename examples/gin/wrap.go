package main

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// wrap turns a middleware of net/http that does not wrap the ResponseWriter, as those of inga do
// not, into one of gin. The handlers after it run inside it. If it does not pass the request on, it
// has responded, and they must not run. The request that it passes on stays in c.Request, so that
// an outer logger can name the user.
func wrap(m func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		m(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}
