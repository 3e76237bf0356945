package main

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// wrap makes a middleware of net/http that wraps no ResponseWriter, as none of inga does,
// gin's. The handlers after it run inside of it. If it does not pass the request on it has
// answered, and none of them may run. What it passes on stays in c.Request, so that a logger
// further out can name the user.
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
