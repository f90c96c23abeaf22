#include "broker/clients.h"

#include "broker/client.h"

static struct broker__client_list_link *link_of(struct broker_client *client, size_t link)
{
	return (struct broker__client_list_link *)(void *)((char *)client + link);
}

void broker__clients_add(struct broker__clients *list, struct broker_client *client, size_t link)
{
	*link_of(client, link) = (struct broker__client_list_link){.prev = list->last};
	if (list->last)
		link_of(list->last, link)->next = client;
	else
		list->first = client;
	list->last = client;
	list->len++;
}

void broker__clients_remove(struct broker__clients *list, struct broker_client *client, size_t link)
{
	struct broker__client_list_link *own = link_of(client, link);
	if (own->prev)
		link_of(own->prev, link)->next = own->next;
	else
		list->first = own->next;
	if (own->next)
		link_of(own->next, link)->prev = own->prev;
	else
		list->last = own->prev;
	list->len--;
}
