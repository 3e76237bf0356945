// Package house holds the test that keeps the packages of this module in their places.
package house
