package features

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/inga-auth/inga/cookie"
)

// A Cart is what the browser of a visitor keeps. What is in it is in the database.
type Cart struct {
	ID string `json:"id"`
}

func (s *Shop) addCart(mux *http.ServeMux) (err error) {
	s.carts, err = cookie.NewValue[Cart](cookie.ValueConfig{Name: "cart", Keys: [][]byte{s.Key}, MaxAge: 30 * 24 * time.Hour})
	mux.Handle("GET /cart", s.guard.Optional(http.HandlerFunc(s.cart)))
	mux.Handle("POST /cart", s.guard.Optional(http.HandlerFunc(s.addItem)))
	return err
}

// addItem adds to the cart of the person, or to that of the visitor, which begins with it.
func (s *Shop) addItem(w http.ResponseWriter, r *http.Request) {
	person, cart := subject(r), Cart{}
	if person == "" {
		cart, _ = s.carts.Get(r)
		if cart.ID == "" {
			cart.ID = rand.Text()
		}
	}
	_, err := s.DB.Exec(r.Context(), `INSERT INTO cart_items (cart, item, person_id) VALUES ($1, $2, nullif($3, '')::bigint)`,
		cart.ID, r.PostFormValue("item"), person)
	if err == nil && person == "" {
		err = s.carts.Set(w, cart)
	}
	if err != nil {
		s.guard.Refuse(w, r, asked(err))
		return
	}
	http.Redirect(w, r, "/cart", http.StatusSeeOther)
}

// cart shows the cart. The cookie shows nothing of a person's once that is known.
func (s *Shop) cart(w http.ResponseWriter, r *http.Request) {
	cart, _ := s.carts.Get(r)
	var items string
	err := s.DB.QueryRow(r.Context(), `SELECT coalesce(string_agg(item, ' ' ORDER BY item), '') FROM cart_items
		WHERE person_id::text = $1 OR $1 = '' AND cart = $2 AND person_id IS NULL`, subject(r), cart.ID).Scan(&items)
	if err != nil {
		s.guard.Refuse(w, r, asked(err))
		return
	}
	show(w, http.StatusOK, "cart: "+items)
}

// adoptCart gives what is in the cart of the visitor to the person they turn out to be.
func (s *Shop) adoptCart(w http.ResponseWriter, r *http.Request, person string) error {
	cart, ok := s.carts.Get(r)
	if !ok {
		return nil
	}
	_, err := s.DB.Exec(r.Context(), `UPDATE cart_items SET person_id = $1::bigint WHERE cart = $2 AND person_id IS NULL`, person, cart.ID)
	if err == nil {
		s.carts.Clear(w)
	}
	return asked(err)
}
